// docs/endpoint.md names every route of the endpoint and no other, and every code it names exists.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { RIGHTS } from '../../api/rights.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import { providerSchema } from '../../core/model/provider.ts';

const TEXT = readFileSync(new URL('../../docs/endpoint.md', import.meta.url), 'utf8');

test('the documentation of the endpoint has every route, and no other', () => {
  const named = [...TEXT.matchAll(/(?:GET|POST|PATCH|DELETE) \/v1\/[\w/{}.-]+/g)].map(([route]) => route);
  assert.deepEqual([...new Set(named)].sort(), Object.keys(RIGHTS).sort());
});

test('the error codes it names are codes of the catalogue', () => {
  const [, table = ''] = TEXT.split('| status | codes |');
  const codes = [...table.split('\n\n')[0]!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code);
  assert.ok(codes.length > 15);
  assert.deepEqual(
    codes.filter((code) => !Object.hasOwn(ERROR_CATALOGUE, code ?? '')),
    [],
  );
});

test('it explains every field of a provider', () => {
  const fields = Object.keys(providerSchema.shape).filter((field) => field !== 'schema');
  assert.deepEqual(
    fields.filter((field) => !TEXT.includes(`\`${field}\``)),
    [],
  );
});
