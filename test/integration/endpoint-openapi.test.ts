// The OpenAPI document of a running host against its own answers: whoever generates a client from it gets what it says.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { RIGHTS } from '../../api/rights.ts';
import { addProvider, connect, openWorld, startConsent } from '../support/integration-world.ts';

const operation = z.looseObject({
  requestBody: z
    .looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.json() })) })
    .optional(),
  responses: z.record(
    z.string(),
    z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.json() })) }),
  ),
});
const shape = z.looseObject({
  openapi: z.literal('3.1.0'),
  servers: z.array(z.object({ url: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.json()) }),
});

/** A schema of the document with what it refers to; in JSON Schema the shared ones are called `$defs`. */
function schemaIn(document: z.infer<typeof shape>, schema: unknown): z.ZodType {
  const text = JSON.stringify({ allOf: [schema], $defs: document.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')));
}

test('every answer of a running host, good or bad, is as its OpenAPI document says', async (t) => {
  const world = await openWorld(t, { sandbox: false });
  const document = shape.parse((await world.call('GET', '/v1/openapi.json')).json);
  assert.deepEqual(document.servers, [{ url: world.host.url }]);
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(described.sort(), Object.keys(RIGHTS).sort());

  const problem = schemaIn(document, { $ref: '#/components/schemas/Problem' });
  assert.equal(problem.safeParse({ code: 'locked' }).success, false, 'the judge judges');

  const asked = new Set<string>();
  /** Asks, and judges question and answer by the document. */
  const ask = async (
    route: string,
    status: number,
    options: { at?: string; body?: unknown; key?: string } = {},
  ) => {
    const [method = '', path = ''] = route.split(' ');
    const spec = document.paths[path]?.[method.toLowerCase()];
    assert.ok(spec, route);
    const { at = path, body, key } = options;
    if (body !== undefined) {
      const schema = schemaIn(document, spec.requestBody?.content['application/json']?.schema);
      assert.ok(schema.safeParse(body).success, `${route}: the request is not as described`);
    }
    const reply = await world.call(method, at, {
      ...(body === undefined ? {} : { body }),
      ...(key === undefined ? {} : { key }),
    });
    assert.equal(reply.status, status, `${route}: ${reply.body}`);
    const type = String(reply.headers['content-type']).split(';')[0] ?? '';
    const answer = (spec.responses[String(status)] ?? spec.responses.default)?.content[type];
    assert.ok(answer, `${route}: ${status} ${type} is not described`);
    const judged = schemaIn(document, answer.schema).safeParse(reply.json);
    assert.ok(judged.success, `${route}: ${JSON.stringify(judged.error?.issues)}`);
    asked.add(route);
    return reply.json;
  };

  const provider = await world.hostile();
  await ask('POST /v1/providers', 201, { body: provider.entry('acme') });
  await addProvider(world, provider.entry('spare', { authorization_endpoint: `${provider.issuer}/spare` }));
  await connect(world, 'acme', { account: 'me' });
  const refresh_token = provider.grantElsewhere('client-of-acme');
  provider.user = { sub: 'two', email: 'two' };
  await ask('POST /v1/providers/{provider}/import', 201, {
    at: '/v1/providers/acme/import',
    body: { refresh_token, account: 'two' },
  });
  await ask('GET /v1/health', 200);
  await ask('GET /v1/status', 200);
  await ask('GET /v1/openapi.json', 200);
  await ask('GET /v1/presets', 200);
  await ask('GET /v1/providers', 200);
  await ask('GET /v1/providers/{provider}', 200, { at: '/v1/providers/acme' });
  await ask('PATCH /v1/providers/{provider}', 200, { at: '/v1/providers/acme', body: { name: 'Acme' } });
  await ask('POST /v1/providers/{provider}/check', 200, { at: '/v1/providers/acme/check' });
  await ask('GET /v1/token/{provider}/{account}', 200, { at: '/v1/token/acme/me' });
  await ask('GET /v1/token/{provider}/{account}', 409, { at: '/v1/token/acme/me?min_valid=999999' });
  await ask('GET /v1/token/{provider}', 409, { at: '/v1/token/acme' });
  await ask('POST /v1/refresh/{provider}/{account}', 200, { at: '/v1/refresh/acme/me' });
  await ask('POST /v1/refresh/{provider}', 404, { at: '/v1/refresh/nobody' });
  await ask('GET /v1/connections', 200);
  await ask('GET /v1/connections/{ref}', 200, { at: '/v1/connections/acme%2Fme' });
  await ask('PATCH /v1/connections/{ref}', 200, {
    at: '/v1/connections/acme%2Ftwo',
    body: { account: 'zwei' },
  });
  const { consent } = await ask('POST /v1/connections', 202, { body: { provider: 'acme' } });
  await ask('GET /v1/consents/{id}', 200, { at: `/v1/consents/${consent.id}` });
  await ask('POST /v1/consents/{id}/open', 200, { at: `/v1/consents/${consent.id}/open` });
  await ask('POST /v1/consents/{id}/redirect', 400, {
    at: `/v1/consents/${consent.id}/redirect`,
    body: { url: 'http://127.0.0.1:1/x' },
  });
  await ask('DELETE /v1/consents/{id}', 200, { at: `/v1/consents/${consent.id}` });
  const failing = await startConsent(world, 'acme');
  const redirect = new URL(new URL(failing.authorization_url ?? '').searchParams.get('redirect_uri') ?? '');
  const state = new URL(failing.authorization_url ?? '').searchParams.get('state') ?? '';
  redirect.search = new URLSearchParams({ error: 'access_denied', state, iss: provider.issuer }).toString();
  await ask('POST /v1/consents/{id}/redirect', 200, {
    at: `/v1/consents/${failing.id}/redirect`,
    body: { url: redirect.href },
  });
  const { key } = await ask('POST /v1/keys', 201, { body: { name: 'script', connections: ['acme/me'] } });
  world.secrets.add(key);
  await ask('GET /v1/connections', 200, { key });
  await ask('GET /v1/keys', 403, { key });
  await ask('GET /v1/keys', 401, { key: 'tt_unknown' });
  await ask('GET /v1/keys', 200);
  await ask('DELETE /v1/keys/{name}', 200, { at: '/v1/keys/script' });
  await ask('GET /v1/vault/slots', 200);
  await ask('DELETE /v1/vault/slots/{id}', 404, { at: '/v1/vault/slots/s_AAAAAAAAAAA' });
  await ask('GET /v1/doctor', 200);
  await ask('GET /v1/doctor/{ref}', 200, { at: '/v1/doctor/acme%2Fme' });
  await ask('GET /v1/sandbox', 200);
  await ask('POST /v1/sandbox/reset', 409);
  await ask('POST /v1/sandbox/stop', 200);
  await ask('POST /v1/revoke/{provider}/{account}', 200, { at: '/v1/revoke/acme/zwei' });
  await ask('GET /v1/connections', 200);
  await ask('DELETE /v1/connections/{ref}', 200, { at: '/v1/connections/acme%2Fzwei' });
  await ask('DELETE /v1/providers/{provider}', 409, { at: '/v1/providers/acme' });
  await ask('DELETE /v1/providers/{provider}', 200, { at: '/v1/providers/spare' });
  await ask('POST /v1/lock', 200);
  await ask('GET /v1/connections', 423);
  await ask('GET /v1/status', 200);
  await ask('POST /v1/unlock', 200);
  await ask('POST /v1/vault/use-here', 200);
  const file = (name: string) => join(world.host.keyHome, name);
  await ask('POST /v1/vault/export', 201, { body: { path: file('export.json') } });
  await ask('POST /v1/vault/import', 200, { body: { path: file('export.json') } });
  await ask('POST /v1/vault/backup', 201, { body: { path: file('backup') } });
  await ask('POST /v1/vault/restore', 200, { body: { path: file('backup') } });
  await ask('POST /v1/vault/restore', 400, { body: { path: file('export.json') } });
  await ask('POST /v1/vault/rotate', 200, { body: { credentials: [] } });
  assert.ok(asked.size >= 36, `${asked.size} routes were asked`);
});
