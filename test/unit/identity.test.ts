// Who granted, at a provider without ID tokens: its profile page, asked once with the new token.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchProfile } from '../../core/oauth/identity.ts';
import type { HttpOutcome } from '../../core/ports.ts';
import { refusedWith, said } from '../support/errors.ts';
import { answered, FakeHttp, maybeSent, noHttp, notSent } from '../support/fake-http.ts';
import { acme } from '../support/provider-samples.ts';

const TOKEN = 'access-canary-4410';
const provider = acme({ profile: { url: 'https://api.acme.test/user', subject: 'id', label: 'login' } });

const profile = (outcome: HttpOutcome, entry = provider) =>
  fetchProfile(new FakeHttp(() => outcome), entry, TOKEN);

test('an account is told apart by the profile field of the entry, and shown by its label', async () => {
  const http = new FakeHttp(() => answered(200, { id: 42, login: 'jo' }));
  const id = await fetchProfile(http, provider, TOKEN);
  assert.deepEqual(id, { issuer: 'https://as.acme.test', subject: '42', label: 'jo' });
  assert.deepEqual(http.asked, ['https://api.acme.test/user']);
  assert.equal(http.requests[0]?.headers.authorization, `Bearer ${TOKEN}`);
});

test('an entry without a profile rule asks nobody', async () => {
  assert.equal(await fetchProfile(noHttp(), acme(), TOKEN), undefined);
});

const ODD: Readonly<Record<string, HttpOutcome>> = {
  'lacks the field': answered(200, { login: 'jo' }),
  'has null for it': answered(200, { id: null }),
  'has an empty text for it': answered(200, { id: '' }),
  'has a list for it': answered(200, { id: ['42'] }),
  'has a truth value for it': answered(200, { id: true }),
  'has a number for it that has lost its last digits': answered(200, '{"id":9007199254740993}'),
  'has a fraction for it': answered(200, { id: 4.2 }),
  'is not JSON': answered(200, '<html>42</html>'),
  'is a list': answered(200, [{ id: 42 }]),
  'is refused': answered(401, { id: 42 }),
  'is a redirect': answered(302, { id: 42 }, { location: 'https://evil.test' }),
};

for (const [flaw, outcome] of Object.entries(ODD)) {
  test(`a profile that ${flaw} tells no account apart`, async () => {
    const error = await refusedWith('provider_answer_invalid', () => profile(outcome));
    assert.ok(!said(error).includes(TOKEN));
  });
}

test('a field name that every object has is no account', async () => {
  for (const subject of ['constructor', 'toString', '__proto__']) {
    const entry = acme({ profile: { url: 'https://api.acme.test/user', subject, label: 'login' } });
    await refusedWith('provider_answer_invalid', () => profile(answered(200, {}), entry));
  }
});

test('a profile that cannot be reached is said to be that', async () => {
  for (const outcome of [notSent('dns'), maybeSent('timeout')])
    await refusedWith('offline', () => profile(outcome));
});

test('promise 20: a hostile label is shortened and made inert, and one that is no text is none', async () => {
  const label = async (login: unknown) => (await profile(answered(200, { id: 'u', login })))?.label;
  const inert = await label(`\u202e\u0000${'x'.repeat(5_000)}`);
  assert.ok(inert && inert.length <= 200 && !/[\u202e\u0000]/.test(inert));
  assert.equal(await label(5), null);
  assert.equal(await label(undefined), null);
});
