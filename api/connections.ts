// Connections: list, look, rename, remove, and ask for a new one. Starting one opens no browser unless asked to.
import { z } from 'zod';
import { name, providerId } from '../core/model/name.ts';
import { connectionRef } from './names.ts';
import { flag } from './query.ts';
import { route } from './route.ts';
import { connectionJson, consentJson } from './to-wire.ts';

const newConnection = () =>
  z.strictObject({
    provider: providerId,
    account: name.optional().meta({ description: 'The account to create or to renew' }),
    scopes: z.array(z.string().min(1).max(200)).max(100).optional(),
    via: z.enum(['browser', 'paste']).optional().meta({ description: 'browser: open one on this machine' }),
  });

export const connectionRoutes = {
  'GET /v1/connections': route('GET /v1/connections', {
    summary: 'The connections this key may see',
    answer: 'Connections',
    handle: ({ engine, caller }) => ({ connections: engine.connections.list(caller).map(connectionJson) }),
  }),
  'POST /v1/connections': route('POST /v1/connections', {
    summary: 'Start a consent for a new or an old connection',
    body: newConnection,
    answer: 'ConsentStarted',
    status: 202,
    handle: async ({ engine, caller, body }) => ({
      consent: consentJson(await engine.consents.start(caller, body)),
    }),
  }),
  'GET /v1/connections/{ref}': route('GET /v1/connections/{ref}', {
    summary: 'One connection',
    answer: 'Connection',
    handle: ({ engine, caller, param }) =>
      connectionJson(engine.connections.show(caller, connectionRef(param('ref')))),
  }),
  'PATCH /v1/connections/{ref}': route('PATCH /v1/connections/{ref}', {
    summary: 'Give a connection another account name',
    body: () => z.strictObject({ account: name }),
    answer: 'Connection',
    handle: async ({ engine, caller, param, body }) =>
      connectionJson(await engine.connections.rename(caller, connectionRef(param('ref')), body.account)),
  }),
  'DELETE /v1/connections/{ref}': route('DELETE /v1/connections/{ref}', {
    summary: 'Revoke the grant and delete the connection; with force also when it cannot be revoked',
    query: () => z.strictObject({ force: flag().optional() }),
    answer: 'RemovedConnection',
    handle: async ({ engine, caller, param, query }) => {
      const { revoked } = await engine.connections.remove(caller, connectionRef(param('ref')), {
        force: query.force ?? false,
      });
      return { removed: true, revoked };
    },
  }),
};
