// The OpenAPI document: complete enough to generate a client from, true to the routes, and free of real secrets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { RIGHTS } from '../../api/rights.ts';
import { apiDoor } from '../support/api-door.ts';
import { KEYS } from '../support/engine-double.ts';

const schema = z.looseObject({ $ref: z.string().optional(), type: z.unknown().optional() });
const content = z.record(z.string(), z.object({ schema }));
const operation = z.looseObject({
  operationId: z.string(),
  summary: z.string().min(1),
  parameters: z
    .array(z.looseObject({ name: z.string(), in: z.enum(['path', 'query', 'header']), schema }))
    .default([]),
  requestBody: z.object({ required: z.boolean().optional(), content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content })),
  security: z.array(z.unknown()).optional(),
});
const shape = z.looseObject({
  openapi: z.literal('3.1.0'),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  servers: z.array(z.object({ url: z.string() })),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});

async function fetchDocument() {
  const response = await apiDoor().ask('GET /v1/openapi.json', { key: KEYS.token });
  const text = await response.text();
  return { text, document: shape.parse(JSON.parse(text)) };
}

test('the document describes exactly the routes of the table', async () => {
  const { document } = await fetchDocument();
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(described.sort(), Object.keys(RIGHTS).sort());
});

test('every operation has its own id, its path parameters, and the problem as its default answer', async () => {
  const { document } = await fetchDocument();
  const ids = new Set<string>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      const where = `${method} ${path}`;
      assert.ok(!ids.has(described.operationId), where);
      ids.add(described.operationId);
      const inPath = described.parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      assert.deepEqual(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
        where,
      );
      const problem = described.responses.default?.content['application/problem+json'];
      assert.equal(problem?.schema.$ref, '#/components/schemas/Problem', where);
    }
  }
  assert.ok(ids.has('getTokenByProviderAndAccount'));
});

test('a key is needed everywhere but for health', async () => {
  const { document } = await fetchDocument();
  assert.deepEqual(document.security, [{ key: [] }]);
  assert.deepEqual(document.components.securitySchemes.key, {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'tt_…',
  });
  assert.deepEqual(document.paths['/v1/health']?.get?.security, []);
  assert.equal(document.paths['/v1/status']?.get?.security, undefined);
});

test('parameters of a query are described as what they mean', async () => {
  const { document } = await fetchDocument();
  const parameters = document.paths['/v1/token/{provider}/{account}']?.get?.parameters ?? [];
  const types = Object.fromEntries(parameters.map(({ name, schema: { type } }) => [name, type]));
  assert.equal(types.min_valid, 'integer');
  assert.equal(types.force, 'boolean');
  assert.deepEqual(Object.keys(types).sort(), [
    'account',
    'force',
    'format',
    'min_valid',
    'provider',
    'scope',
    'wait',
  ]);
  assert.deepEqual(
    document.paths['/v1/events']?.get?.parameters.map(({ name }) => name),
    ['Last-Event-ID'],
  );
});

test('every reference in the document leads somewhere', async () => {
  const { text, document } = await fetchDocument();
  const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]!);
  assert.ok(names.length > 50);
  for (const name of new Set(names)) assert.ok(name in document.components.schemas, name);
});

test('the document names no real key, token or secret', async () => {
  const { text } = await fetchDocument();
  assert.doesNotMatch(text, /tt_[A-Za-z0-9_-]{8,}|planted/);
});

test('bodies are described, and only unlock, repair, rotate and a link to the window may come without one', async () => {
  const { document } = await fetchDocument();
  const optional: string[] = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { requestBody }] of Object.entries(methods)) {
      if (requestBody === undefined) continue;
      assert.ok(requestBody.content['application/json'], path);
      if (requestBody.required !== true) optional.push(`${method} ${path}`);
    }
  }
  assert.deepEqual(optional.sort(), [
    'post /v1/unlock',
    'post /v1/vault/repair',
    'post /v1/vault/rotate',
    'post /v1/window/code',
  ]);
});
