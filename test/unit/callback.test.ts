// The judge of authorization responses, against one table of redirects, and broken twins that the table must catch.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Expected, judgeCallback, sameState, stateOf } from '../../core/oauth/callback.ts';
import {
  CALLBACK_CASES,
  type CallbackJudge,
  CODE,
  mistakesOf,
  outcomeOfCase,
  STATE,
} from '../support/callback-cases.ts';
import { acme } from '../support/provider-samples.ts';

for (const one of CALLBACK_CASES) {
  test(one.says, () => assert.equal(outcomeOfCase(judgeCallback, one), one.outcome));
}

test('promise 8: no sentence about a refused redirect repeats its code or its state', () => {
  for (const { url, expected } of CALLBACK_CASES) {
    const verdict = judgeCallback(url, expected);
    if (verdict.kind === 'code') continue;
    assert.ok(verdict.why.length > 0);
    for (const secret of [CODE, STATE]) assert.ok(!verdict.why.includes(secret), verdict.why);
  }
});

const expected: Expected = {
  provider: acme(),
  state: STATE,
  redirectUri: new URL('http://127.0.0.1:53211/callback/acme'),
};

function withQuery(parameters: Iterable<[string, string]>): URL {
  const url = new URL(expected.redirectUri);
  for (const [key, value] of parameters) url.searchParams.append(key, value);
  return url;
}

test('RFC 6749 4.1.2: an accepted code is handed on exactly as it came', () => {
  const code = '4/0AX-%2F+ =&é';
  const verdict = judgeCallback(
    withQuery([
      ['code', code],
      ['state', STATE],
    ]),
    expected,
  );
  assert.equal(verdict.kind === 'code' && verdict.parameters.get('code'), code);
});

test('promise 20: a hostile error_description becomes one short inert line', () => {
  const description = `\u202e<script>alert(1)</script>\r\nSet-Cookie: x\u0000${'A'.repeat(10_000)}`;
  const url = withQuery([
    ['error', 'access_denied'],
    ['error_description', description],
    ['state', STATE],
  ]);
  const verdict = judgeCallback(url, expected);
  assert.ok(verdict.kind === 'failed');
  assert.ok(verdict.why.length < 300, `${verdict.why.length} characters`);
  assert.doesNotMatch(verdict.why, /[\u0000-\u001f\u202e]/);
});

test('promise 20: a hostile error code becomes one short inert line', () => {
  const url = withQuery([
    ['error', `x\r\n\u2066${'e'.repeat(5_000)}`],
    ['state', STATE],
  ]);
  const verdict = judgeCallback(url, expected);
  assert.ok(verdict.kind === 'failed');
  assert.ok(verdict.why.length < 150, `${verdict.why.length} characters`);
  assert.doesNotMatch(verdict.why, /[\u0000-\u001f\u2066]/);
});

test('promise 8: whatever the parameters are, without exactly one right state nothing happens', () => {
  const key = fc.constantFrom('code', 'state', 'iss', 'error', 'error_description', 'response', 'x');
  const value = fc.oneof(fc.constantFrom(STATE, CODE, '', 'access_denied'), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 6 }), (parameters) => {
      const verdict = judgeCallback(withQuery(parameters), expected);
      const states = parameters.filter(([name]) => name === 'state').map(([, state]) => state);
      if (verdict.kind !== 'refused') assert.deepEqual(states, [STATE]);
    }),
    { numRuns: 1_000 },
  );
});

test('promise 11: a repeated or empty state finds no consent', () => {
  assert.equal(stateOf(new URLSearchParams('state=a')), 'a');
  assert.equal(stateOf(new URLSearchParams('state=a&state=a')), undefined);
  assert.equal(stateOf(new URLSearchParams('state=')), undefined);
  assert.equal(stateOf(new URLSearchParams('code=a')), undefined);
});

test('states of different length and of other alphabets are compared without an error', () => {
  assert.ok(sameState('ä', 'ä'));
  assert.ok(!sameState('a', 'ab'));
  assert.ok(!sameState('ä', 'a'));
  assert.ok(!sameState('', 'a'));
});

/** Judges that leave out one check each, and a case that must give each away. */
const TWINS: Readonly<Record<string, { readonly judge: CallbackJudge; readonly caughtBy: RegExp }>> = {
  'compares no state': {
    judge: (url, wanted) => judgeCallback(changed(url, { state: wanted.state }), wanted),
    caughtBy: /^promise 8: a redirect with the state of another consent is refused$/,
  },
  'compares states without regard to case': {
    judge: (url, wanted) => {
      const state = url.searchParams.get('state');
      const alike = state?.toLowerCase() === wanted.state.toLowerCase();
      return judgeCallback(alike ? changed(url, { state: wanted.state }) : url, wanted);
    },
    caughtBy: /^promise 8: a state that differs only in case is refused$/,
  },
  'takes the first of repeated parameters': {
    judge: (url, wanted) => judgeCallback(changed(url, {}), wanted),
    caughtBy: /^promise 11: a repeated code is refused$/,
  },
  'prefers the code where there is an error too': {
    judge: (url, wanted) =>
      judgeCallback(url.searchParams.has('code') ? changed(url, { error: null }) : url, wanted),
    caughtBy: /^promise 12: code and error together are refused$/,
  },
  'does not look where the redirect arrived': {
    judge: (url, wanted) => {
      const moved = new URL(wanted.redirectUri);
      moved.search = url.search;
      return judgeCallback(moved, wanted);
    },
    caughtBy: /^promise 43: another path is refused$/,
  },
  'does not look at the issuer': {
    judge: (url, wanted) => {
      const { issuer: _issuer, ...provider } = wanted.provider;
      const blind = { ...provider, authorization_response_iss_parameter_supported: false };
      return judgeCallback(url, { ...wanted, provider: blind });
    },
    caughtBy: /^promise 41: a mix-up is ended/,
  },
  'compares issuers after normalising them': {
    judge: (url, wanted) => {
      const iss = URL.parse(url.searchParams.get('iss') ?? '')?.href;
      return judgeCallback(iss === wanted.provider.issuer ? changed(url, { iss }) : url, wanted);
    },
    caughtBy: /^promise 40: an iss without its last slash ends the consent$/,
  },
};

/** The same address with every parameter once, and these changed (null: left out). */
function changed(url: URL, parameters: Readonly<Record<string, string | null | undefined>>): URL {
  const next = new URL(url);
  next.search = '';
  for (const key of new Set(url.searchParams.keys())) next.searchParams.set(key, url.searchParams.get(key)!);
  for (const [key, value] of Object.entries(parameters)) {
    if (value === null || value === undefined) next.searchParams.delete(key);
    else next.searchParams.set(key, value);
  }
  return next;
}

test('the table of redirects has nothing against the real judge', () => {
  assert.deepEqual(mistakesOf(judgeCallback), []);
});

for (const [flaw, { judge, caughtBy }] of Object.entries(TWINS)) {
  test(`broken twin: the table of redirects catches a judge that ${flaw}`, () => {
    const mistakes = mistakesOf(judge);
    assert.ok(
      mistakes.some((says) => caughtBy.test(says)),
      `not caught; mistakes: ${mistakes.join('; ')}`,
    );
  });
}
