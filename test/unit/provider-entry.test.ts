// Provider entries: what a person, a preset and a discovery document may put into one, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointUrl, parseInput } from '../../core/model/field.ts';
import { isOpenId, type Provider, providerSchema } from '../../core/model/provider.ts';
import type { Discovered } from '../../core/oauth/discovery.ts';
import {
  buildEntry,
  changeEntry,
  issuerToDiscover,
  moveOf,
  refuseMixUp,
  splitSecret,
  warningsOf,
} from '../../core/providers/entry.ts';
import { findPresets, presetOf } from '../../core/providers/presets/catalogue.ts';
import { refusalOf, refusedWith, said } from '../support/errors.ts';
import { ACME_INPUT, acme } from '../support/provider-samples.ts';

const SECRET = 'client-secret-canary-4be1';

const build = (input: Readonly<Record<string, unknown>>, discovered?: Discovered) =>
  buildEntry(splitSecret(input), discovered);

test('an entry typed by hand gets the safe defaults: S256, no secret, an ephemeral port on 127.0.0.1', () => {
  const entry = acme();
  assert.equal(entry.pkce, 'S256');
  assert.equal(entry.token_endpoint_auth_method, 'none');
  assert.deepEqual(entry.redirect, { host: '127.0.0.1', port: 'any' });
  assert.equal(entry.discovery, 'none');
});

test('promise 61: the client secret is never part of the entry', () => {
  const split = splitSecret({ ...ACME_INPUT, client_secret: SECRET });
  assert.equal(split.secret, SECRET);
  assert.ok(!JSON.stringify(split.fields).includes(SECRET));
  const entry = buildEntry(split, undefined);
  assert.ok(!JSON.stringify(entry).includes(SECRET));
  assert.equal(entry.token_endpoint_auth_method, 'client_secret_basic');
});

test('promise 61: a client secret is set, cleared or left alone, and nothing else', () => {
  assert.equal(splitSecret({}).secret, undefined);
  assert.equal(splitSecret({ client_secret: null }).secret, null);
  assert.equal(splitSecret({ client_secret: SECRET }).secret, SECRET);
});

test('RFC 6749 A.2: a client secret with other than printable ASCII is refused and never repeated', async () => {
  const odd = [
    `${SECRET}\n`,
    `${SECRET}é`,
    `${SECRET}\u0000`,
    '',
    'x'.repeat(4_097),
    5,
    [SECRET],
    { SECRET },
  ];
  for (const client_secret of odd) {
    const error = await refusedWith('invalid_field', () => splitSecret({ client_secret }));
    assert.equal(error.details.field, 'client_secret');
    assert.ok(!said(error).includes(SECRET));
  }
});

test('promise 61: a method that needs a secret is refused without one', async () => {
  for (const token_endpoint_auth_method of ['client_secret_basic', 'client_secret_post']) {
    const error = await refusedWith('invalid_field', () =>
      build({ ...ACME_INPUT, token_endpoint_auth_method }),
    );
    assert.equal(error.details.field, 'client_secret');
    assert.match(error.message, /token_endpoint_auth_method to none/);
  }
});

const CANARY = 'value-canary-81';
const BAD_ADDRESSES: Readonly<Record<string, unknown>> = {
  'javascript:': `javascript:alert('${CANARY}')`,
  'data:': `data:text/html,${CANARY}`,
  'file:': `file:///${CANARY}`,
  'plain http': `http://as.acme.test/${CANARY}`,
  'plain http to a name that looks like loopback': `http://127.0.0.1.evil.test/${CANARY}`,
  'plain http to localhost with a dot': `http://localhost./${CANARY}`,
  'plain http to 0.0.0.0': `http://0.0.0.0/${CANARY}`,
  'plain http to a mapped loopback address': `http://[::ffff:127.0.0.1]/${CANARY}`,
  'a user name': `https://${CANARY}@as.acme.test/`,
  'user name and password': `https://u:${CANARY}@as.acme.test/`,
  'a loopback name before an @': `http://localhost:80@evil.test/${CANARY}`,
  'a fragment': `https://as.acme.test/#${CANARY}`,
  'an empty fragment': `https://as.acme.test/${CANARY}#`,
  'a space': `https://as.acme.test/a ${CANARY}`,
  'a line break': `https://as.acme.test/\n${CANARY}`,
  'a tab in the scheme': `ht\ttps://as.acme.test/${CANARY}`,
  'a backslash': `https://as.acme.test\\${CANARY}`,
  'no scheme': `as.acme.test/${CANARY}`,
  'no host': 'https://',
  nothing: '',
  'a number': 5,
  null: null,
  'a list': ['https://as.acme.test/'],
};

for (const [what, value] of Object.entries(BAD_ADDRESSES)) {
  test(`promise 57: an endpoint with ${what} is refused, naming the field and not the value`, async () => {
    for (const field of [
      'authorization_endpoint',
      'token_endpoint',
      'issuer',
      'revocation_endpoint',
      'api_base_url',
    ]) {
      const error = await refusedWith('invalid_field', () => build({ ...ACME_INPUT, [field]: value }));
      assert.equal(error.details.field, field);
      assert.match(error.message, new RegExp(`the field ${field} (must|is)`));
      assert.ok(!said(error).includes(CANARY));
    }
  });
}

test('RFC 8252 8.3: endpoints over plain http are taken on exactly 127.0.0.1, [::1] and localhost, with a warning', () => {
  for (const host of ['127.0.0.1:8080', '[::1]:8080', 'localhost:8080']) {
    const entry = acme({ token_endpoint: `http://${host}/token` });
    assert.match(warningsOf(entry).join(' '), /plain http/);
  }
  assert.deepEqual(warningsOf(acme()), []);
});

const BAD_FIELDS: readonly [what: string, field: string, input: Readonly<Record<string, unknown>>][] = [
  ['no client_id', 'client_id', { client_id: undefined }],
  ['an empty client_id', 'client_id', { client_id: '' }],
  ['a client_id that is a number', 'client_id', { client_id: 5 }],
  ['a client_id with a line break', 'client_id', { client_id: `a\r\n${CANARY}` }],
  ['a client_id that reverses its reading order', 'client_id', { client_id: `a\u202e${CANARY}` }],
  ['a client_id with a space at its end', 'client_id', { client_id: `${CANARY} ` }],
  ['a client_id of 501 characters', 'client_id', { client_id: CANARY.padEnd(501, 'x') }],
  ['a name of control characters', 'name', { name: `\u001b[2J${CANARY}` }],
  ['a name of half a character', 'name', { name: `${CANARY}\ud800` }],
  ['an id that could be a connection', 'id', { id: 'c_acme' }],
  ['an id with a slash', 'id', { id: '../acme' }],
  ['an id in capitals', 'id', { id: 'ACME' }],
  ['an id of 65 characters', 'id', { id: 'a'.repeat(65) }],
  ['an unknown client authentication', 'token_endpoint_auth_method', { token_endpoint_auth_method: CANARY }],
  ['plain PKCE', 'pkce', { pkce: 'plain' }],
  ['an unknown redirect host', 'redirect.host', { redirect: { host: '0.0.0.0', port: 'any' } }],
  ['a redirect port of its own', 'redirect.port', { redirect: { host: '127.0.0.1', port: 8_080 } }],
  ['scopes as one text', 'scopes', { scopes: 'read write' }],
  ['a scope with a space', 'scopes.0', { scopes: [`read ${CANARY}`] }],
  ['a scope with a quote', 'scopes.1', { scopes: ['read', `"${CANARY}`] }],
  ['an empty scope', 'scopes.0', { scopes: [''] }],
  ['101 scopes', 'scopes', { scopes: Array.from({ length: 101 }, (_, index) => `s${index}`) }],
  ['a lifetime of no seconds', 'access_token_seconds', { access_token_seconds: 0 }],
  ['a lifetime of half a second', 'access_token_seconds', { access_token_seconds: 60.5 }],
  ['an idle limit shorter than ten minutes', 'refresh_idle_seconds', { refresh_idle_seconds: 599 }],
  ['a life of a grant in text', 'refresh_absolute_seconds', { refresh_absolute_seconds: '7 days' }],
  ['a lifetime beyond ten years', 'access_token_seconds', { access_token_seconds: 1e15 }],
  [
    'unsigned ID tokens',
    'id_token_signing_alg_values_supported.0',
    { id_token_signing_alg_values_supported: ['none'] },
  ],
  [
    'symmetric ID tokens',
    'id_token_signing_alg_values_supported.0',
    { id_token_signing_alg_values_supported: ['HS256'] },
  ],
  ['a promise of iss without an issuer', 'issuer', { authorization_response_iss_parameter_supported: true }],
  ['another schema', 'schema', { schema: 2 }],
  ['parameters as a list', 'authorization_parameters', { authorization_parameters: [CANARY] }],
  [
    'a parameter that is a number',
    'authorization_parameters.prompt',
    { authorization_parameters: { prompt: 5 } },
  ],
  [
    'a parameter name with a space',
    'authorization_parameters.a b',
    { authorization_parameters: { 'a b': CANARY } },
  ],
  [
    'a parameter name with an ampersand',
    'authorization_parameters.a&state',
    { authorization_parameters: { 'a&state': CANARY } },
  ],
];

for (const [what, field, input] of BAD_FIELDS) {
  test(`an entry with ${what} is refused, naming ${field} and never repeating the value`, async () => {
    const error = await refusedWith('invalid_field', () => build({ ...ACME_INPUT, ...input }));
    assert.equal(error.details.field, field);
    assert.ok(error.message.includes(`the field ${field} `), error.message);
    assert.match(error.message, /^Provider: the field .+ (is|must|has) .+\.$/);
    assert.ok(!said(error).includes(CANARY));
  });
}

test('a field of the wrong type is not called missing', async () => {
  assert.match(
    (await refusalOf(() => build({ ...ACME_INPUT, client_id: 5 }))).message,
    /client_id must be a string/,
  );
  assert.match(
    (await refusalOf(() => build({ ...ACME_INPUT, client_id: undefined }))).message,
    /client_id is missing/,
  );
});

test('unknown fields are refused by name, also inside of others, and never carried along', async () => {
  const cases: readonly [object, string][] = [
    [{ token_endpiont: CANARY }, 'token_endpiont'],
    [{ redirect: { host: '127.0.0.1', port: 'any', path: CANARY } }, 'redirect.path'],
    [{ profile: { url: 'https://a.test/', subject: 'id', label: 'x', token: CANARY } }, 'profile.token'],
    [JSON.parse(`{"__proto__":{"pkce":"off","x":"${CANARY}"}}`), '__proto__'],
    [{ constructor: CANARY }, 'constructor'],
    [{ [`\u202e\n${CANARY}`.slice(0, 3)]: 'x' }, '\\u{202e}\\u{a}v'],
  ];
  for (const [input, field] of cases) {
    const given: Record<string, unknown> = { ...ACME_INPUT };
    for (const [key, value] of Object.entries(input)) {
      Object.defineProperty(given, key, { value, enumerable: true });
    }
    const error = await refusedWith('unknown_field', () => build(given));
    assert.equal(error.details.field, field);
    assert.ok(!said(error).includes(CANARY));
  }
});

const RESERVED = [
  ...[
    'client_id',
    'client_secret',
    'redirect_uri',
    'response_type',
    'response_mode',
    'scope',
    'state',
    'nonce',
  ],
  ...['code', 'code_challenge', 'code_challenge_method', 'code_verifier', 'grant_type', 'refresh_token'],
  ...['request', 'request_uri'],
];

for (const parameter of RESERVED) {
  test(`RFC 9700 2.1.1: an entry cannot set the parameter ${parameter}, which belongs to the flow`, async () => {
    const byParameter = { authorization_parameters: { prompt: 'consent', [parameter]: CANARY } };
    const first = await refusedWith('invalid_field', () => build({ ...ACME_INPUT, ...byParameter }));
    assert.ok(first.message.includes(`must not set ${parameter}:`), first.message);
    const byQuery = {
      authorization_endpoint: `https://as.acme.test/authorize?tenant=1&${parameter}=${CANARY}`,
    };
    const second = await refusedWith('invalid_field', () => build({ ...ACME_INPUT, ...byQuery }));
    assert.equal(second.details.field, 'authorization_endpoint');
    for (const error of [first, second]) assert.ok(!said(error).includes(CANARY));
  });
}

test('RFC 6749 3.1: an authorization endpoint may have a query of its own', () => {
  const authorization_endpoint = 'https://as.acme.test/authorize?p=policy-1';
  assert.equal(acme({ authorization_endpoint }).authorization_endpoint, authorization_endpoint);
});

test('a parameter called __proto__ reaches neither the entry nor any object', () => {
  const entry = acme({ authorization_parameters: JSON.parse('{"__proto__":"x","prompt":"consent"}') });
  assert.deepEqual(Object.entries(entry.authorization_parameters), [['prompt', 'consent']]);
});

test('changes to an entry: values replace, null removes, objects are merged, the rest stays', () => {
  const before = acme({
    revocation_endpoint: 'https://as.acme.test/revoke',
    authorization_parameters: { a: '1', b: '2' },
  });
  const changes = {
    name: 'Acme 2',
    revocation_endpoint: null,
    authorization_parameters: { b: null, c: '3' },
    redirect: { port: 'fixed' },
  };
  const after = changeEntry(before, changes, false);
  assert.equal(after.name, 'Acme 2');
  assert.ok(!('revocation_endpoint' in after));
  assert.deepEqual(after.authorization_parameters, { a: '1', c: '3' });
  assert.deepEqual(after.redirect, { host: '127.0.0.1', port: 'fixed' });
  assert.equal(after.client_id, before.client_id);
});

test('a changed entry is judged as strictly as a new one', async () => {
  const entry = acme();
  const cases: readonly [object, string, string][] = [
    [{ nmae: 'x' }, 'unknown_field', 'nmae'],
    [{ token_endpoint: 'http://evil.test/' }, 'invalid_field', 'token_endpoint'],
    [{ token_endpoint: null }, 'invalid_field', 'token_endpoint'],
    [{ authorization_parameters: { state: 'x' } }, 'invalid_field', 'authorization_parameters'],
    [{ redirect: { host: 'evil.test' } }, 'invalid_field', 'redirect.host'],
    [{ token_endpoint_auth_method: 'client_secret_post' }, 'invalid_field', 'client_secret'],
    [{ id: 'other' }, 'invalid_field', 'id'],
    [{ preset: 'google' }, 'invalid_field', 'preset'],
    [{ schema: 1 }, 'invalid_field', 'schema'],
    [JSON.parse('{"__proto__":{"revocation_endpoint":"https://evil.test/"}}'), 'unknown_field', '__proto__'],
    [JSON.parse('{"redirect":{"__proto__":{"host":"localhost"}}}'), 'unknown_field', 'redirect.__proto__'],
  ];
  for (const [changes, code, field] of cases) {
    const error = await refusalOf(() =>
      changeEntry(entry, Object.fromEntries(Object.entries(changes)), false),
    );
    assert.deepEqual([error.code, error.details.field], [code, field], error.message);
  }
});

const openIdDocument: Discovered = {
  kind: 'openid',
  metadata: {
    issuer: 'https://as.acme.test',
    authorization_endpoint: 'https://as.acme.test/authorize',
    token_endpoint: 'https://as.acme.test/token',
    jwks_uri: 'https://as.acme.test/jwks',
    scopes_supported: ['openid', 'email', 'offline_access', 'admin'],
    id_token_signing_alg_values_supported: ['none', 'HS256', 'RS256'],
    code_challenge_methods_supported: ['plain', 'S256'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_post'],
    authorization_response_iss_parameter_supported: true,
  },
};
const minimal = { id: 'acme', client_id: 'client-1', issuer: 'https://as.acme.test' };

test('an entry from discovery takes endpoints, iss support, safe algorithms and the sensible scopes on offer', () => {
  const entry = build({ ...minimal, client_secret: SECRET }, openIdDocument);
  assert.equal(entry.discovery, 'openid');
  assert.equal(entry.authorization_response_iss_parameter_supported, true);
  assert.deepEqual(entry.id_token_signing_alg_values_supported, ['RS256']);
  assert.deepEqual(entry.scopes, ['openid', 'email', 'offline_access']);
  assert.equal(entry.token_endpoint_auth_method, 'client_secret_post');
  assert.ok(isOpenId(entry));
});

test('what a person says wins over the discovery document', () => {
  const entry = build(
    { ...minimal, scopes: ['admin'], token_endpoint: 'https://other.acme.test/t' },
    openIdDocument,
  );
  assert.deepEqual(entry.scopes, ['admin']);
  assert.equal(entry.token_endpoint, 'https://other.acme.test/t');
});

test('promise 37: a provider that offers only plain PKCE is refused, never used with plain', async () => {
  for (const methods of [['plain'], []]) {
    const metadata = { ...openIdDocument.metadata, code_challenge_methods_supported: methods };
    const error = await refusedWith('discovery_failed', () => build(minimal, { kind: 'openid', metadata }));
    assert.match(error.message, /set pkce to off/);
  }
});

test('promise 37: PKCE is used where the discovery document does not mention it, and off only by hand, with a warning', () => {
  const { code_challenge_methods_supported: _methods, ...metadata } = openIdDocument.metadata;
  assert.equal(build(minimal, { kind: 'openid', metadata }).pkce, 'S256');
  assert.match(warningsOf(acme({ pkce: 'off' })).join(' '), /PKCE is off/);
});

test('discovery is only asked where the input names an issuer and lacks the endpoints', () => {
  assert.equal(issuerToDiscover({ issuer: 'https://a.test' }), 'https://a.test');
  assert.equal(issuerToDiscover({ issuer: 'https://a.test', discovery: 'none' }), undefined);
  assert.equal(issuerToDiscover({ ...ACME_INPUT, issuer: 'https://a.test' }), undefined);
  assert.equal(issuerToDiscover({ issuer: 5 }), undefined);
  assert.equal(issuerToDiscover({}), undefined);
});

const MIX_UPS: Readonly<Record<string, Partial<Provider>>> = {
  'the same authorization endpoint': {},
  'the same authorization endpoint in another case': {
    authorization_endpoint: 'https://AS.ACME.TEST/authorize',
  },
  'the same authorization endpoint with its default port': {
    authorization_endpoint: 'https://as.acme.test:443/authorize',
  },
  'the same authorization endpoint with a query': {
    authorization_endpoint: 'https://as.acme.test/authorize?x=1',
  },
  'the same authorization endpoint over dots': {
    authorization_endpoint: 'https://as.acme.test/x/../authorize',
  },
};

for (const [what, changes] of Object.entries(MIX_UPS)) {
  test(`promise 42: an entry with ${what} and another token endpoint is refused, naming the other provider`, async () => {
    const evil = acme({ id: 'evil', token_endpoint: 'https://evil.test/token', ...changes });
    const error = await refusedWith('conflict', () => refuseMixUp(evil, [acme()]));
    assert.match(error.message, /acme/);
    assert.equal(error.details.field, 'token_endpoint');
  });
}

test('promise 42: two registrations at one provider, and two providers, do not disturb each other', () => {
  const others = [acme()];
  refuseMixUp(acme({ id: 'acme2', client_id: 'client-2' }), others);
  refuseMixUp(acme({ token_endpoint: 'https://moved.acme.test/token' }), others);
  const elsewhere = { authorization_endpoint: 'https://b.test/a', token_endpoint: 'https://b.test/t' };
  refuseMixUp(acme({ id: 'b', ...elsewhere }), others);
  const policies = ['one', 'two'].map((policy) =>
    acme({
      id: policy,
      authorization_endpoint: `https://as.acme.test/authorize?p=${policy}`,
      token_endpoint: `https://as.acme.test/token?p=${policy}`,
    }),
  );
  refuseMixUp(policies[0]!, policies);
});

test('every preset makes a sound entry from a client_id and a client_secret', () => {
  for (const { id } of findPresets()) {
    const entry = build({ preset: id, client_id: 'client-1', client_secret: SECRET });
    assert.deepEqual(providerSchema.parse(entry), entry);
    assert.equal(entry.id, id);
    assert.deepEqual(warningsOf(entry), []);
  }
});

test('a preset that does not exist is refused, naming those that do', async () => {
  for (const preset of ['gogle', '', '__proto__', null, {}]) {
    const error = await refusedWith('not_found', () => build({ preset, client_id: 'x' }));
    assert.match(error.message, /github/);
  }
  assert.equal(presetOf('github').id, 'github');
  assert.deepEqual(
    findPresets(' GitH ').map(({ id }) => id),
    ['github'],
  );
});

test('an address alone is judged with a sentence of its own', async () => {
  const error = await refusedWith('bad_request', () =>
    parseInput(endpointUrl, `http://${CANARY}`, 'The field issuer'),
  );
  assert.match(error.message, /^The field issuer: must be an https address/);
  assert.ok(!said(error).includes(CANARY));
});

test('a field that was taken away is called missing, also where only a few words are possible', async () => {
  const error = await refusalOf(() => changeEntry(acme(), { pkce: null }, false));
  assert.deepEqual([error.details.field, error.message], ['pkce', 'Provider: the field pkce is missing.']);
});

test('of the redirect rule one half is enough: the other one is the default', () => {
  assert.deepEqual(acme({ redirect: { port: 'fixed' } }).redirect, { host: '127.0.0.1', port: 'fixed' });
  assert.deepEqual(acme({ redirect: { host: 'localhost' } }).redirect, { host: 'localhost', port: 'any' });
});

const PROFILE = { url: 'https://api.acme.test/me', subject: 'id', label: 'login' };
const MOVES: readonly [what: string, change: object, move: object | undefined][] = [
  ['nothing', { name: 'Other' }, undefined],
  [
    'the token endpoint, on the same origin',
    { token_endpoint: 'https://as.acme.test/token2' },
    'token_endpoint',
  ],
  ['the token endpoint, to another origin', { token_endpoint: 'https://evil.test/token' }, 'token_endpoint'],
  [
    'the revocation endpoint, on the same origin',
    { revocation_endpoint: 'https://as.acme.test/end' },
    undefined,
  ],
  [
    'the revocation endpoint, to another origin',
    { revocation_endpoint: 'https://evil.test/revoke' },
    'revocation_endpoint',
  ],
  [
    'the revocation endpoint, to where only access tokens go',
    { revocation_endpoint: 'https://api.acme.test/r' },
    'revocation_endpoint',
  ],
  ['the revocation endpoint, to no place', { revocation_endpoint: null }, undefined],
  ['the profile, on the same origin', { profile: { url: 'https://api.acme.test/you' } }, undefined],
  ['the profile, to another port', { profile: { url: 'https://api.acme.test:8443/me' } }, 'profile.url'],
  ["the profile, to the token endpoint's origin", { profile: { url: 'https://as.acme.test/me' } }, undefined],
  [
    'user info, from nowhere to another origin',
    { userinfo_endpoint: 'https://evil.test/me' },
    'userinfo_endpoint',
  ],
].map(([what, change, field]) => {
  const takesSecret = field === 'token_endpoint' || field === 'revocation_endpoint';
  return [String(what), Object(change), field === undefined ? undefined : { field, takesSecret }];
});

for (const [what, change, move] of MOVES) {
  test(`promise 61: a change of ${what} is ${move === undefined ? 'no move' : 'a move of what it is sent'}`, () => {
    const before = acme({ revocation_endpoint: 'https://as.acme.test/revoke', profile: PROFILE });
    const after = changeEntry(before, Object.fromEntries(Object.entries(change)), false);
    assert.deepEqual(moveOf(before, after), move);
  });
}

test('a parameter that is added to a preset keeps those the preset needs, and null drops one', () => {
  const fields = {
    preset: 'google',
    client_id: 'c',
    authorization_parameters: { hd: 'example.test', prompt: null },
  };
  const entry = buildEntry({ fields, secret: 'a secret' }, undefined);
  assert.deepEqual(entry.authorization_parameters, { access_type: 'offline', hd: 'example.test' });
});
