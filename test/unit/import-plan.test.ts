// What an import would do, decided without a file or a vault.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExportDocument, ExportedConnection } from '../../core/exchange/document.ts';
import { type ImportPlan, type ImportState, planImport } from '../../core/exchange/plan.ts';
import type { Connection } from '../../core/model/connection.ts';
import type { Provider } from '../../core/model/provider.ts';
import { acme } from '../support/provider-samples.ts';
import { withCode } from '../support/vault-fixture.ts';

const NOW = 1_790_000_000_000;
const { schema: _schema, ...entry } = acme();
const issuer = 'https://issuer.example';

function exported(account: string, subject: string | null, change: object = {}): ExportedConnection {
  const grant = {
    ...{
      created_at: NOW + 5_000_000,
      consented_at: NOW + 5_000_000,
      refreshed_at: NOW,
      label: null,
      rotates: true,
    },
    identity: subject === null ? null : { issuer, subject },
    refresh_token: 'r',
    tokens: {
      access_token: 'a',
      token_type: 'Bearer',
      scope: [],
      issued_at: NOW,
      expires_at: null,
      expires_source: 'unknown' as const,
    },
    ...change,
  };
  return { provider: entry.id, account, scopes: ['read'], grant };
}

function here(account: string, subject: string | null): Connection {
  return {
    ...{
      schema: 1,
      id: `c_${account.padEnd(22, 'A')}`,
      provider: entry.id,
      account,
      label: null,
      scopes_asked: [],
    },
    identity: subject === null ? null : { issuer, subject },
    ...{ created_at: 1, consented_at: 1, refreshed_at: null, state: { status: 'revoked', at: 1 } },
  };
}

function plan(document: Partial<ExportDocument>, state: Partial<ImportState> = {}): ImportPlan {
  let ids = 0;
  return planImport(
    { tokentray_export: 1, settings: {}, providers: [], connections: [], ...document },
    {
      ...{ providers: [acme()], connections: [], damaged: new Set(), redirectPort: 9_597, now: NOW },
      secretOf: () => undefined,
      newId() {
        ids += 1;
        return `c_${String(ids).padEnd(22, 'x')}`;
      },
      ...state,
    },
  );
}

const outcomes = ({ changes }: ImportPlan) => changes.map(({ name, action }) => `${name} ${action}`);

test('promise 188: the same account is known by its identity, whatever its name, and stays; another one by that name gets a new name', () => {
  const connections = [here('me', 'sub-1'), here('old', null)];
  const made = plan(
    {
      connections: [
        exported('renamed', 'sub-1'),
        exported('me', 'sub-2'),
        exported('old', 'sub-3'),
        exported('me-2', 'sub-4'),
      ],
    },
    { connections },
  );
  assert.deepEqual(outcomes(made), ['acme/renamed skip', 'acme/me add', 'acme/old skip', 'acme/me-2 add']);
  assert.match(String(made.changes[0]?.notes), /The same account is here already as acme\/me/);
  assert.deepEqual(
    made.connections.map(({ doc }) => doc.account),
    ['me-2', 'me-2-2'],
  );
  assert.match(String(made.changes[1]?.notes), /becomes acme\/me-2\./);
});

test('promise 108: an imported grant is under review from this moment, whatever the clock of the other machine said', () => {
  const [row] = plan({ connections: [exported('me', 'sub-1')] }).connections;
  const { imported_at, created_at, consented_at, refreshed_at } = row!.doc;
  assert.deepEqual([imported_at, created_at, consented_at, refreshed_at], [NOW, NOW, NOW, null]);
  // Not where it is known that the provider never replaces the refresh token.
  const [still] = plan({ connections: [exported('me', 'sub-1', { rotates: false })] }).connections;
  assert.deepEqual([still!.doc.imported_at, still!.doc.refreshed_at], [undefined, NOW]);
});

test('promise 190: what a token or secret is sent to does not move while it is in use, and the secret does not move with it', () => {
  const used = [here('me', 'sub-1')];
  const moved = (change: Partial<Provider>, state: Partial<ImportState> = {}, more: object = {}) =>
    plan({ providers: [{ ...entry, ...change, ...more }] }, { secretOf: () => 'kept', ...state });
  const elsewhere: readonly Partial<Provider>[] = [
    { token_endpoint: 'https://evil.example/token' },
    { token_endpoint: `${entry.token_endpoint}2` },
    { revocation_endpoint: 'https://evil.example/revoke' },
    { userinfo_endpoint: 'https://evil.example/me' },
    { profile: { url: 'https://evil.example/me', subject: 'id', label: 'name' } },
    { api_base_url: 'https://evil.example/' },
  ];
  for (const change of elsewhere) {
    const refused = moved(change, { connections: used });
    assert.deepEqual([outcomes(refused), refused.providers], [['acme refuse'], []], JSON.stringify(change));
    const [free] = moved(change).providers;
    assert.equal(free?.secret, null, 'forgotten');
    assert.equal(moved(change, {}, { client_secret: 'its own' }).providers[0]?.secret, 'its own');
  }
  const [named] = moved({ name: 'Other' }, { connections: used }).providers;
  assert.equal(named?.secret, undefined, 'left as it is');
});

test('a provider that would receive the codes of another one, or whose row here is damaged, refuses the import', () => {
  const twin = { ...entry, id: 'twin', token_endpoint: 'https://evil.example/token' };
  assert.deepEqual(outcomes(plan({ providers: [twin] })), ['twin refuse']);
  const both = plan({ providers: [{ ...twin, id: 'one' }, entry] }, { providers: [] });
  assert.ok(outcomes(both).includes('one refuse'));
  assert.deepEqual(outcomes(plan({ providers: [entry] }, { providers: [], damaged: new Set(['acme']) })), [
    'acme refuse',
  ]);
});

test('a file that contradicts itself is refused', () => {
  const cases: readonly (readonly [Partial<ExportDocument>, RegExp])[] = [
    [{ providers: [entry, entry] }, /it has acme twice/],
    [{ connections: [exported('me', 'a'), exported('me', 'b')] }, /it has acme\/me twice/],
    [
      { connections: [{ ...exported('me', 'a'), provider: 'nobody' }] },
      /a connection of nobody, but not that provider/,
    ],
  ];
  for (const [document, sentence] of cases)
    assert.throws(() => plan(document), withCode('import_refused', sentence));
});

test('promise 188: no secret and no token is in what is shown', () => {
  const shown = JSON.stringify(
    plan(
      {
        providers: [{ ...entry, client_secret: 'NEW-SECRET' }],
        connections: [exported('me', 'sub-1', { refresh_token: 'REFRESH' })],
      },
      { secretOf: () => 'OLD-SECRET' },
    ).changes,
  );
  assert.match(shown, /"client_secret","from":"set","to":"set"|"refresh_token","from":null,"to":"set"/);
  assert.doesNotMatch(shown, /SECRET|REFRESH/);
});
