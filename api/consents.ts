// Consents: look (and wait for the end), open again, hand over a redirected address by hand, cancel.
import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { consentId } from './names.ts';
import { seconds } from './query.ts';
import { route } from './route.ts';
import { consentJson, openConsentJson } from './to-wire.ts';

/** One poll; a client that wants to wait longer asks again. */
const POLL_SECONDS = 60;

export const consentRoutes = {
  'GET /v1/consents': route('GET /v1/consents', {
    summary: 'The consents that are open, without their addresses',
    answer: 'Consents',
    handle: ({ engine }) => ({ consents: engine.consents.list().map(openConsentJson) }),
  }),
  'GET /v1/consents/{id}': route('GET /v1/consents/{id}', {
    summary: 'One consent; with wait, answered when it is no longer pending or the time is over',
    query: () => z.strictObject({ wait: seconds(POLL_SECONDS).optional() }),
    answer: 'Consent',
    handle: async ({ engine, param, query, request }) => {
      const id = consentId(param('id'));
      if (query.wait === undefined || query.wait === 0) return consentJson(engine.consents.show(id));
      return consentJson(await engine.consents.wait(id, query.wait, request.signal));
    },
  }),
  'DELETE /v1/consents/{id}': route('DELETE /v1/consents/{id}', {
    summary: 'Cancel a consent',
    answer: 'Consent',
    handle: ({ engine, param }) => consentJson(engine.consents.cancel(consentId(param('id')))),
  }),
  'POST /v1/consents/{id}/open': route('POST /v1/consents/{id}/open', {
    summary: 'Open the page of a waiting consent once more, in the browser of the machine the host runs on',
    answer: 'Consent',
    handle: async ({ engine, param }) => consentJson(await engine.consents.reopen(consentId(param('id')))),
  }),
  'POST /v1/consents/{id}/redirect': route('POST /v1/consents/{id}/redirect', {
    summary: 'Hand over the address the browser was sent back to',
    body: () =>
      z.strictObject({
        url: z.string().max(LIMITS.redirectUrlBytes, `is longer than ${LIMITS.redirectUrlBytes} characters`),
      }),
    answer: 'Consent',
    handle: async ({ engine, param, body }) =>
      consentJson(await engine.consents.deliver(consentId(param('id')), body.url)),
  }),
};
