// Keys of callers: list, make, remove. A key is in the answer that makes it and never again (promise 123).
import { newCaller } from '../core/model/caller.ts';
import { keyName } from './names.ts';
import { route } from './route.ts';
import { keyJson } from './to-wire.ts';

export const keyRoutes = {
  'GET /v1/keys': route('GET /v1/keys', {
    summary: 'All keys, by name and first characters',
    answer: 'Keys',
    handle: ({ engine }) => ({ keys: engine.callers.list().map(keyJson) }),
  }),
  'POST /v1/keys': route('POST /v1/keys', {
    summary: 'Make a key; it is shown in this answer only',
    body: () => newCaller,
    answer: 'NewKey',
    status: 201,
    handle: ({ engine, body }) => {
      const { caller, key } = engine.callers.add(body);
      return { ...keyJson(caller), key };
    },
  }),
  'DELETE /v1/keys/{name}': route('DELETE /v1/keys/{name}', {
    summary: 'Remove a key; its open streams end',
    answer: 'Removed',
    handle: ({ engine, param }) => {
      engine.callers.remove(keyName(param('name')));
      return { removed: true };
    },
  }),
};
