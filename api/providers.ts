// Providers and the presets they are made from. A client secret can be written here and never read.
import { z } from 'zod';
import { endpointUrl } from '../core/model/field.ts';
import { name } from '../core/model/name.ts';
import { providerSchema } from '../core/model/provider.ts';
import { providerName } from './names.ts';
import { route } from './route.ts';
import { connectionJson, discoveryJson, presetJson, providerJson, reportJson } from './to-wire.ts';

/** Longest secret seen anywhere is a signed JWT of some 2,000 characters. */
const SECRET_CHARS = 4_000;

const newProvider = () =>
  providerSchema
    .omit({ schema: true })
    .partial()
    .extend({
      // Half of the rule may be given, or a scheme of its own; the engine judges what comes of it.
      redirect: providerSchema.shape.redirect.options[0]
        .extend({ scheme: z.string().max(80) })
        .partial()
        .optional(),
      // Names and values are judged by the engine, which knows what is there already; null takes one away.
      authorization_parameters: z.record(z.string(), z.string().nullable()).optional(),
      client_secret: z.string().min(1).max(SECRET_CHARS).optional(),
    })
    .meta({ description: 'Start from a preset or an issuer; what they say need not be repeated' });

/** Every field of a new provider, of objects what changes; null removes a field or a parameter. */
const providerChanges = () => {
  const fields = newProvider().extend({
    profile: providerSchema.shape.profile.unwrap().partial().optional(),
  });
  return z.strictObject(
    Object.fromEntries(Object.entries(fields.shape).map(([field, type]) => [field, type.nullable()])),
  );
};

const importedGrant = () =>
  z.strictObject({
    refresh_token: z.string().min(1).max(SECRET_CHARS),
    account: name.optional(),
  });

export const providerRoutes = {
  'POST /v1/discovery': route('POST /v1/discovery', {
    summary: 'What an issuer says about itself, as the fields of a provider; nothing is kept',
    body: () => z.strictObject({ issuer: endpointUrl }),
    answer: 'Discovery',
    handle: async ({ engine, body }) => discoveryJson(await engine.providers.discover(body.issuer)),
  }),
  'GET /v1/presets': route('GET /v1/presets', {
    summary: 'Presets whose name or id holds the query',
    query: () => z.strictObject({ query: z.string().max(100).optional() }),
    answer: 'Presets',
    handle: ({ engine, query }) => ({ presets: engine.presets(query.query).map(presetJson) }),
  }),
  'GET /v1/providers': route('GET /v1/providers', {
    summary: 'All providers',
    answer: 'Providers',
    handle: ({ engine }) => ({ providers: engine.providers.list().map(providerJson) }),
  }),
  'POST /v1/providers': route('POST /v1/providers', {
    summary: 'Add a provider, from a preset, an issuer or by hand',
    body: newProvider,
    answer: 'Provider',
    status: 201,
    handle: async ({ engine, body }) => providerJson(await engine.providers.add(body)),
  }),
  'GET /v1/providers/{provider}': route('GET /v1/providers/{provider}', {
    summary: 'One provider',
    answer: 'Provider',
    handle: ({ engine, param }) => providerJson(engine.providers.show(providerName(param('provider')))),
  }),
  'PATCH /v1/providers/{provider}': route('PATCH /v1/providers/{provider}', {
    summary:
      'Change fields; null removes one; a token or revocation endpoint elsewhere clears the secret unless it comes along',
    body: providerChanges,
    answer: 'Provider',
    handle: async ({ engine, param, body }) =>
      providerJson(await engine.providers.update(providerName(param('provider')), body)),
  }),
  'DELETE /v1/providers/{provider}': route('DELETE /v1/providers/{provider}', {
    summary: 'Remove a provider that has no connections',
    answer: 'Removed',
    handle: async ({ engine, param }) => {
      await engine.providers.remove(providerName(param('provider')));
      return { removed: true };
    },
  }),
  'POST /v1/providers/{provider}/check': route('POST /v1/providers/{provider}/check', {
    summary: 'Look whether the provider answers as the entry says',
    answer: 'Report',
    handle: async ({ engine, param }) =>
      reportJson(await engine.providers.check(providerName(param('provider')))),
  }),
  'POST /v1/providers/{provider}/import': route('POST /v1/providers/{provider}/import', {
    summary: 'Store a refresh token from elsewhere as a connection, after a refresh has proved it',
    body: importedGrant,
    answer: 'Connection',
    status: 201,
    handle: async ({ engine, param, body }) =>
      connectionJson(await engine.providers.import(providerName(param('provider')), body)),
  }),
};
