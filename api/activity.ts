// What happened, newest first, from the record that outlives restarts. Names are looked up when it is read: what was
// removed since has an id and no name.
import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { activityKind } from '../core/model/activity.ts';
import { name } from '../core/model/name.ts';
import { connectionRef } from './names.ts';
import { count } from './query.ts';
import { route } from './route.ts';
import { activityJson } from './to-wire.ts';

const PAGE = 50;

export const activityRoutes = {
  'GET /v1/activity': route('GET /v1/activity', {
    summary: 'What happened, newest first: hand-outs, connections, consents, providers, keys, the vault',
    query: () =>
      z.strictObject({
        after: count(Number.MAX_SAFE_INTEGER).optional().meta({ description: 'next of the page before' }),
        limit: count(LIMITS.activityPage)
          .optional()
          .meta({ description: `Usual: ${PAGE}` }),
        connection: z.string().max(200).optional().meta({ description: 'As in {ref}' }),
        caller: name.optional(),
        kind: activityKind.optional(),
      }),
    answer: 'Activity',
    handle: ({ engine, caller, query }) => {
      const { connection, limit = PAGE, ...rest } = query;
      const { entries, next } = engine.activity(caller, {
        ...rest,
        limit,
        connection: connection === undefined ? undefined : connectionRef(connection),
      });
      return { entries: entries.map(activityJson), ...(next === undefined ? {} : { next }) };
    },
  }),
};
