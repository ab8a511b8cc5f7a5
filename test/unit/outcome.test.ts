// What every answer of a token endpoint means for the connection. Only a well-formed OAuth error may end a grant.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../core/limits.ts';
import { OUTCOMES, outcomeOf, retryAfterMs } from '../../core/refresh/outcome.ts';
import { FAKE_NOW } from '../support/fake-clock.ts';
import { answered, maybeSent, notSent } from '../support/fake-http.ts';

const NOW = FAKE_NOW;
type Answer = Parameters<typeof outcomeOf>[0];

const meaning = (answer: Answer) => outcomeOf(answer, NOW).kind;

const TABLE: readonly [says: string, answer: Answer, kind: ReturnType<typeof meaning>][] = [
  [
    'promise 92: invalid_grant means that consent is needed',
    answered(400, { error: 'invalid_grant' }),
    'consent_needed',
  ],
  [
    'RFC 6749 5.2: invalid_grant with a description means the same',
    answered(400, { error: 'invalid_grant', error_description: 'expired', error_uri: 'https://a.test' }),
    'consent_needed',
  ],
  [
    'AC-HF-18: invalid_grant in a 403 means the same',
    answered(403, { error: 'invalid_grant' }),
    'consent_needed',
  ],
  [
    'GitHub: bad_refresh_token in a 200 means the same',
    answered(200, { error: 'bad_refresh_token' }),
    'consent_needed',
  ],
  [
    'promise 94: invalid_client is a problem of the provider entry',
    answered(401, { error: 'invalid_client' }),
    'provider_problem',
  ],
  [
    'promise 94: unauthorized_client is a problem of the provider entry',
    answered(400, { error: 'unauthorized_client' }),
    'provider_problem',
  ],
  [
    'RFC 6749 5.2: unsupported_grant_type is a problem of the provider entry',
    answered(400, { error: 'unsupported_grant_type' }),
    'provider_problem',
  ],
  [
    'AC-HF-18: unsupported_grant_type in a 501 means the same',
    answered(501, { error: 'unsupported_grant_type' }),
    'provider_problem',
  ],
  [
    'RFC 6749 5.2: invalid_request is a problem of the provider entry',
    answered(400, { error: 'invalid_request' }),
    'provider_problem',
  ],
  [
    'RFC 6749 5.2: invalid_scope is a problem of the provider entry',
    answered(400, { error: 'invalid_scope' }),
    'provider_problem',
  ],
  ['a 200 with a JSON object is kept and judged', answered(200, { access_token: 'a' }), 'refreshed'],
  ['promise 83: a 200 with an odd JSON object is kept and judged', answered(200, {}), 'refreshed'],
  [
    'promise 93: temporarily_unavailable is tried again',
    answered(400, { error: 'temporarily_unavailable' }),
    'retry_later',
  ],
  ['promise 93: server_error is tried again', answered(400, { error: 'server_error' }), 'retry_later'],
  ['RFC 8628 3.5: slow_down is tried again', answered(400, { error: 'slow_down' }), 'retry_later'],
  [
    'promise 93: a captive portal (200 with a page) is tried again',
    answered(200, '<html>invalid_grant</html>', { 'content-type': 'text/html' }),
    'retry_later',
  ],
  ['promise 93: truncated JSON is tried again', answered(200, '{"access_token":"a'), 'retry_later'],
  ['promise 93: an empty 200 is tried again', answered(200), 'retry_later'],
  ['promise 93: a 200 with a JSON list is tried again', answered(200, []), 'retry_later'],
  [
    'promise 104: JSON that is nested too deeply is tried again',
    answered(200, `{"a":${'['.repeat(40)}${']'.repeat(40)}}`),
    'retry_later',
  ],
  [
    'promise 93: a 403 with a page is tried again',
    answered(403, '<html>blocked</html>', { 'content-type': 'text/html' }),
    'retry_later',
  ],
  ['promise 93: a 400 without JSON is tried again', answered(400, 'error=invalid_grant'), 'retry_later'],
  [
    'promise 93: a 400 whose error is an object is tried again',
    answered(400, { error: { code: 'invalid_grant' } }),
    'retry_later',
  ],
  [
    'promise 93: a 500 that says invalid_grant is tried again',
    answered(500, { error: 'invalid_grant' }),
    'retry_later',
  ],
  ['promise 93: a 502 with a page is tried again', answered(502, '<html>'), 'retry_later'],
  ['promise 95: a 503 is tried again', answered(503, { error: 'temporarily_unavailable' }), 'retry_later'],
  ['promise 95: a 429 is tried again', answered(429, 'slow down'), 'retry_later'],
  [
    'promise 95: a 429 is tried again, whatever error its JSON names',
    answered(429, { error: 'rate_limit_exceeded' }),
    'retry_later',
  ],
  [
    'promise 95: a 429 that says invalid_client is tried again',
    answered(429, { error: 'invalid_client' }),
    'retry_later',
  ],
  [
    'promise 45: a redirect to a sign-in page is tried again',
    answered(302, { error: 'invalid_grant' }, { location: 'https://portal.test' }),
    'retry_later',
  ],
  [
    'promise 45: a permanent redirect is tried again',
    answered(308, '', { location: 'https://evil.test' }),
    'retry_later',
  ],
  ['promise 93: a 204 is tried again', answered(204), 'retry_later'],
  ['promise 83: a 201 with a token is kept and judged', answered(201, { access_token: 'a' }), 'refreshed'],
  [
    'promise 83: a 201 with nothing but a refresh token is kept and judged',
    answered(201, { refresh_token: 'r' }),
    'refreshed',
  ],
  ['promise 93: a 202 without any token is tried again', answered(202, { queued: true }), 'retry_later'],
  ['promise 93: a 201 with a page is tried again', answered(201, '<html>'), 'retry_later'],
  [
    'promise 92: invalid_grant in a 200 beside a refresh token means that consent is needed',
    answered(200, { error: 'invalid_grant', refresh_token: 'r' }),
    'consent_needed',
  ],
  ['promise 93: a 404 with a page is tried again', answered(404, 'not found'), 'retry_later'],
  ['promise 93: a failed name lookup is tried again', notSent('dns'), 'retry_later'],
  ['promise 93: a refused connection is tried again', notSent('refused'), 'retry_later'],
  ['promise 93: a failed TLS handshake is tried again', notSent('tls'), 'retry_later'],
  ['promise 90: a reset after sending leaves the refresh in doubt', maybeSent('reset'), 'in_doubt'],
  ['promise 90: a time-out after sending leaves the refresh in doubt', maybeSent('timeout'), 'in_doubt'],
  [
    'promise 104: an answer that is too large leaves the refresh in doubt',
    maybeSent('too_large'),
    'in_doubt',
  ],
];

const DOCUMENT = readFileSync(new URL('../../docs/refresh.md', import.meta.url), 'utf8');
const SEEN = { fault: '', status: 0, error: '', isToken: true, after: undefined, inDoubt: false };

test('docs/refresh.md has the table of outcomes as the code has it, and explains every one of them', () => {
  const rows = OUTCOMES.map(({ when, outcome }) => {
    const result = outcome(SEEN);
    const cause = result.kind === 'consent_needed' ? ` (\`${result.cause}\`)` : '';
    return `| ${when} | \`${result.kind}\`${cause} |`;
  });
  assert.ok(
    DOCUMENT.includes(`| --- | --- |\n${rows.join('\n')}\n\n`),
    `docs/refresh.md needs:\n${rows.join('\n')}`,
  );
  for (const kind of new Set(OUTCOMES.map(({ outcome }) => outcome(SEEN).kind)))
    assert.ok(DOCUMENT.includes(`\n| \`${kind}\` | `), `docs/refresh.md does not explain ${kind}`);
});

for (const [says, answer, kind] of TABLE) test(says, () => assert.equal(meaning(answer), kind));

test('promise 93: what never reached the provider counts as offline, what it answered does not', () => {
  const offline = (answer: Answer) => {
    const outcome = outcomeOf(answer, NOW);
    return outcome.kind === 'retry_later' && outcome.offline;
  };
  assert.ok(offline(notSent('dns')));
  assert.ok(offline(answered(200, '<html>')));
  assert.ok(!offline(answered(503)));
});

test('promise 93: whatever else comes, the grant is never given up', () => {
  const status = fc.integer({ min: 100, max: 599 });
  const body = fc.oneof(fc.json(), fc.string(), fc.uint8Array());
  fc.assert(
    fc.property(status, body, (code, bytes) =>
      assert.notEqual(meaning(answered(code, bytes)), 'consent_needed'),
    ),
    { numRuns: 1_000 },
  );
});

test('promise 93: why a try failed never holds the body of the answer', () => {
  const canary = 'body-canary-3344';
  const answers = [
    answered(500, canary),
    answered(400, { message: canary }),
    answered(403, `<html>${canary}`),
  ];
  for (const answer of answers) assert.ok(!JSON.stringify(outcomeOf(answer, NOW)).includes(canary));
});

test('promise 95: a 429 and a 503 with Retry-After are obeyed, with and without an OAuth error', () => {
  for (const answer of [
    answered(429, '', { 'retry-after': '120' }),
    answered(429, { error: 'too_many_requests' }, { 'retry-after': '120' }),
    answered(503, '<html>', { 'retry-after': '120' }),
    answered(400, { error: 'temporarily_unavailable' }, { 'retry-after': '120' }),
  ]) {
    const outcome = outcomeOf(answer, NOW);
    assert.equal(outcome.kind === 'retry_later' && outcome.after, 120_000);
  }
});

const RETRY_AFTER: readonly [string | null, number | undefined][] = [
  [null, undefined],
  ['', undefined],
  ['0', undefined],
  ['-5', undefined],
  ['1', 1_000],
  [' 7 ', 7_000],
  ['00010', 10_000],
  ['1.5', undefined],
  ['1e3', undefined],
  ['soon', undefined],
  ['120 seconds', undefined],
  ['3600', LIMITS.retryAfterCapMs],
  ['999999999999', LIMITS.retryAfterCapMs],
  ['9999999999999', undefined],
  [new Date(NOW + 60_000).toUTCString(), 60_000],
  [new Date(NOW + 86_400_000).toUTCString(), LIMITS.retryAfterCapMs],
  [new Date(NOW - 60_000).toUTCString(), undefined],
  ['Sunday, 17-Mar-30 17:47:40 GMT', 60_000],
  ['NaN', undefined],
];

for (const [value, ms] of RETRY_AFTER) {
  test(`promise 95: Retry-After ${JSON.stringify(value)} means ${ms === undefined ? 'nothing' : `${ms} ms`}`, () => {
    assert.equal(retryAfterMs(value, NOW), ms);
  });
}

test('promise 95: no Retry-After makes anybody wait longer than an hour, or for no time at all', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      ),
      (value) => {
        const ms = retryAfterMs(value, NOW);
        assert.ok(ms === undefined || (ms > 0 && ms <= LIMITS.retryAfterCapMs));
      },
    ),
  );
});
