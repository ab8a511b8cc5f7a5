// The window's token reader: what it reads, and the sentence for what it cannot read.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { entriesOf } from '../../renderer/views/decode/claims.ts';
import { type JwtReading, LONGEST_TEXT, readJwt } from '../../renderer/views/decode/jwt.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const raw = (text: string) => Buffer.from(text).toString('base64url');

const HEADER = { alg: 'RS256', typ: 'JWT', kid: 'k1' };
const CLAIMS = { iss: 'https://issuer.example', sub: 'söme "one" 🙂', aud: ['a', 'b'], exp: 1_800_000_000 };
const GOOD = `${part(HEADER)}.${part(CLAIMS)}.${raw('signature')}`;

function sentenceOf(reading: JwtReading | undefined): string {
  assert.ok(reading !== undefined && !reading.ok, 'it was read');
  return reading.sentence;
}

describe('a token that can be read', () => {
  const good: readonly (readonly [string, string])[] = [
    ['bare', GOOD],
    ['with space around it', `\n  ${GOOD}\t\n`],
    ['broken into lines of 40 characters', GOOD.replace(/.{40}/g, '$&\r\n')],
    ['after Bearer', `Bearer ${GOOD}`],
    ['as a whole header line', `authorization: bearer ${GOOD}`],
  ];
  for (const [how, text] of good) {
    test(`a JWT ${how} shows its header and its claims as they are`, () => {
      assert.deepEqual(readJwt(text), { ok: true, header: HEADER, claims: CLAIMS, signature: 'not-checked' });
    });
  }

  test('RFC 7515 5.2: both characters that base64url has of its own are read', () => {
    const claims = { text: '???>>>~~~ÿÿÿ' };
    assert.match(part(claims), /[-_]/);
    const reading = readJwt(`${part(HEADER)}.${part(claims)}.AA`);
    assert.deepEqual(reading?.ok && reading.claims, claims);
  });

  test('a claim called __proto__ is a claim like any other', () => {
    const reading = readJwt(`${part(HEADER)}.${raw('{"__proto__":{"admin":true}}')}.AA`);
    assert.ok(reading?.ok);
    assert.deepEqual(Object.keys(reading.claims), ['__proto__']);
    assert.equal(reading.claims.admin, undefined);
  });

  const signatures: readonly (readonly [string, unknown, string, string])[] = [
    ['an algorithm and a signature', { alg: 'ES256' }, raw('signature'), 'not-checked'],
    ['alg none and no signature', { alg: 'none' }, '', 'none'],
    ['alg none spelled NONE', { alg: 'NONE' }, '', 'none'],
    ['alg none and a signature all the same', { alg: 'none' }, raw('signature'), 'none'],
    ['no alg', { typ: 'JWT' }, raw('signature'), 'none'],
    ['an algorithm but no signature', { alg: 'RS256' }, '', 'missing'],
  ];
  for (const [what, header, signature, state] of signatures) {
    test(`RFC 7515 4.1.1: ${what} makes the signature state ${state}`, () => {
      const reading = readJwt(`${part(header)}.${part(CLAIMS)}.${signature}`);
      assert.equal(reading?.ok && reading.signature, state);
    });
  }
});

describe('text that cannot be read', () => {
  test('no text at all is no mistake', () => {
    assert.equal(readJwt(''), undefined);
    assert.equal(readJwt(' \n\t '), undefined);
  });

  const claims = part(CLAIMS);
  const header = part(HEADER);
  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['an opaque token', 'gho_16C7e42F292c6912E7710c838347Ae178B4a', /no dot in it.*three parts/],
    ['two parts', `${header}.${claims}`, /has 2 parts.*three/],
    ['four parts', `${header}.${claims}.AA.AA`, /has 4 parts.*three/],
    ['five parts', 'AA.AA.AA.AA.AA', /encrypted \(JWE/],
    ['an empty header', `.${claims}.AA`, /first part, the header, is empty/],
    ['empty claims', `${header}..AA`, /second part, the claims, is empty/],
    ['a + in the header', `a+b=.${claims}.AA`, /first part, the header, is not base64url/],
    ['padding after the claims', `${header}.${claims}==.AA`, /second part, the claims, is not base64url/],
    ['a % in the signature', `${header}.${claims}.a%20`, /third part, the signature, is not base64url/],
    ['a cut signature', `${header}.${claims}.AAAAA`, /third part, the signature, .*at its end/],
    ['a header that is no JSON', `${raw('{"alg":')}.${claims}.AA`, /first part, the header, is not JSON/],
    ['claims that are no JSON', `${header}.${raw('hello')}.AA`, /second part, the claims, is not JSON/],
    ['claims that are no UTF-8', `${header}.${'_'.repeat(4)}.AA`, /second part, the claims, is not JSON/],
    ['claims that are a list', `${header}.${part([1])}.AA`, /second part, the claims, .*not an object/],
    ['claims that are null', `${header}.${part(null)}.AA`, /second part, the claims, .*not an object/],
    ['text beyond every token', `${'A'.repeat(LONGEST_TEXT)}.A.A`, /far longer than a token/],
  ];
  for (const [what, text, sentence] of bad) {
    test(`${what} gets a sentence that names what is wrong`, () => {
      assert.match(sentenceOf(readJwt(text)), sentence);
    });
  }

  test('no sentence repeats what was pasted', () => {
    for (const [, text] of bad.filter(([, text]) => text.includes('.'))) {
      const said = sentenceOf(readJwt(text));
      for (const piece of text.split('.').filter((one) => one.length > 8)) assert.ok(!said.includes(piece));
    }
  });
});

describe('claims in words', () => {
  const now = Date.UTC(2026, 0, 31, 12, 0, 0);
  const seconds = now / 1_000;
  const only = (name: string, value: unknown) => {
    const [entry] = entriesOf({ [name]: value }, now);
    assert.ok(entry);
    return entry;
  };

  const times: readonly (readonly [string, number, string, boolean])[] = [
    ['exp', 12 * 60 + 5, 'expires in 12 min', false],
    ['exp', -2 * 3_600, 'expired 2 h ago', true],
    ['exp', 0, 'expired 0 s ago', true],
    ['nbf', -60, 'became valid 1 min ago', false],
    ['nbf', 90, 'becomes valid in 1 min', true],
    ['iat', -59, '59 s ago', false],
    ['auth_time', -3 * 86_400, '3 d ago', false],
  ];
  for (const [name, offset, words, bars] of times) {
    test(`${name} ${offset} s from now reads "${words}"${bars ? ' and bars the token' : ''}`, () => {
      const { time } = only(name, seconds + offset);
      assert.equal(time?.relative, words);
      assert.equal(time?.bars, bars);
      assert.equal(time?.iso, new Date(now + offset * 1_000).toISOString());
    });
  }

  test('RFC 7519 2: a time with a fraction of a second is a time', () => {
    assert.equal(only('iat', seconds - 0.5).time?.iso, '2026-01-31T11:59:59.500Z');
  });

  for (const value of ['soon', -1, 1e300, seconds * 1_000, null, true]) {
    test(`exp ${JSON.stringify(value)} is shown as it is, not as a time`, () => {
      assert.equal(only('exp', value).time, undefined);
    });
  }

  test('a registered claim has a meaning in words, an unknown one has none', () => {
    assert.equal(only('iss', 'x').meaning, 'Issuer');
    assert.equal(only('https://example.com/roles', []).meaning, undefined);
    assert.equal(only('constructor', 1).meaning, undefined);
  });

  test('text is shown as it is, anything else as JSON', () => {
    assert.equal(only('sub', '<b>"x"</b>').value, '<b>"x"</b>');
    assert.equal(only('groups', ['a', { b: 1 }]).value, '["a",{"b":1}]');
    assert.equal(only('long', ['a'.repeat(60)]).value, `[\n  "${'a'.repeat(60)}"\n]`);
  });
});
