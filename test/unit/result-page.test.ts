// The last page of a consent: static, without script, and inert whatever the provider said.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { PAGE_HEADERS, renderPage } from '../../core/consent/redirect/result-page.ts';

const page = (text: string, title = 'Acme is not connected') => renderPage({ title, text, good: false });

test('promise 18: the page may load nothing, and only its own style is allowed by its hash', () => {
  const style = /<style>([\s\S]*)<\/style>/.exec(page('x'))?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = PAGE_HEADERS['content-security-policy'];
  assert.ok(policy.startsWith("default-src 'none';"));
  assert.ok(policy.includes(`style-src 'sha256-${hash}'`));
  assert.doesNotMatch(page('x'), /<script|<link|<img|src=|href=|style="|\son\w+=/);
});

test('promise 18: the headers of the page forbid caching, referrers and sniffing', () => {
  assert.equal(PAGE_HEADERS['cache-control'], 'no-store');
  assert.equal(PAGE_HEADERS['referrer-policy'], 'no-referrer');
  assert.equal(PAGE_HEADERS['x-content-type-options'], 'nosniff');
});

test('promise 20: script, markup and quotes of a provider are shown as text', () => {
  const html = page(`</p><script>alert("1")</script><img src=x onerror='y'>&amp;`, `</title><script>`);
  assert.equal(html.match(/<script/g), null);
  assert.ok(html.includes('&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;'));
  assert.ok(html.includes('onerror=&#39;y&#39;&gt;&amp;amp;'));
  assert.ok(html.includes('<title>&lt;/title&gt;&lt;script&gt; - Tokentray</title>'));
});

test('promise 20: 10 kB of text, text that runs backwards and control characters are shortened and shown as escapes', () => {
  const html = page(`\u202e\u0007${'x'.repeat(10_000)}`);
  assert.ok(html.length < 2_500, `${html.length}`);
  assert.ok(html.includes('\\u{202e}\\u{7}xxx'));
  assert.doesNotMatch(html, /[\u202e\u0007]/);
});

test('the page says in words whether the connection was made', () => {
  assert.match(
    renderPage({ title: 'acme/jo is connected', text: 'x', good: true }),
    />Connected<.*acme\/jo/s,
  );
  assert.match(page('x'), />Not connected</);
});
