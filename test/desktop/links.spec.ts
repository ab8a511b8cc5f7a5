// Consents in the system's browser from the tray, and the links that come back: over loopback, over our scheme, into a tray
// that runs, starts, or is locked; and everything that a link must not do.
import type { ConsentJson } from '../../api/wire.ts';
import { LIMITS } from '../../core/limits.ts';
import { linkFrom, toHandover } from '../../electron/link-text.ts';
import { createUserAgent } from '../../sandbox/user-agent.ts';
import { HostileProvider } from '../support/hostile-provider.ts';
import type { Desktop } from './desktop.ts';
import { needs } from './needs.ts';
import { preferring } from './preferring.ts';
import { endDesktop, expect, startAgain, test } from './start.ts';

needs('links');

let desktop: Desktop;
let provider: HostileProvider;

test.beforeAll(async ({ startDesktop }) => {
  provider = await HostileProvider.start();
  desktop = await startDesktop({ keySource: 'none', prepare: preferring() });
  await expect.poll(() => desktop.windows().length, { message: 'the window that asks for a key' }).toBe(1);
  await desktop.call('POST', '/v1/vault/slots', { kind: 'passphrase', passphrase: PASSPHRASE });
  await desktop.call('POST', '/v1/providers', provider.entry('loop'));
  await desktop.call('POST', '/v1/providers', provider.entry('link', { redirect: { scheme: 'tokentray' } }));
  await expect.poll(() => desktop.facts(), { message: 'our links' }).toMatchObject({ links: 'ours' });
});

test.afterAll(async () => {
  await endDesktop(desktop);
  await provider.close();
});

const PASSPHRASE = 'correct horse battery staple';

/** The consent that the window's own button would start: the browser opens. */
async function consent(id: string): Promise<{ consent: ConsentJson; address: string }> {
  const before = (await desktop.opened()).length;
  const answer = (await desktop.call('POST', '/v1/connections', { provider: id, via: 'browser' })) as {
    consent: ConsentJson;
  };
  await expect.poll(async () => (await desktop.opened()).length, { message: 'the browser' }).toBe(before + 1);
  return { consent: answer.consent, address: (await desktop.opened()).at(-1) ?? '' };
}

/** The link that the browser is sent to after a person has allowed it. */
async function linkOf(address: string): Promise<string> {
  const agent = createUserAgent({ stopBefore: (url) => url.protocol === 'tokentray:' });
  return (await agent.open(address)).stoppedBefore ?? '';
}

async function statusOf(id: string, wait = 0): Promise<string> {
  return ((await desktop.call('GET', `/v1/consents/${id}?wait=${wait}`)) as ConsentJson).status;
}

/** As a second start hands it over; without one where that can be done, because each takes a second. */
async function arrive(link: string): Promise<void> {
  if (desktop.maker === 'electron') await desktop.link(link);
  else await desktop.ask('second-instance', ['x'], '/', toHandover(linkFrom(['--', link])));
}

const tokenRequests = () => provider.requests.filter(({ path }) => path === '/token').length;

test('a consent from the tray opens the system’s browser, and comes back over loopback', async () => {
  const { consent: made, address } = await consent('loop');
  const { status, body } = await createUserAgent().open(address);
  expect(status).toBe(200);
  expect(body).toContain('Connected');
  expect(await statusOf(made.id, 10)).toBe('done');
});

test('a waiting consent is opened again from its row in the window, also at a provider on this machine', async () => {
  const { consent: made, address } = await consent('loop');
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:/);
  const page = await desktop.window('/');
  const before = (await desktop.opened()).length;
  await page.getByRole('button', { name: 'Open the consent of loop' }).click();
  await expect.poll(async () => (await desktop.opened()).slice(before)).toEqual([address]);
  expect(await statusOf(made.id)).toBe('pending');
  await createUserAgent().open(address);
  expect(await statusOf(made.id, 10)).toBe('done');
});

test('AC-NP-02: a consent over our scheme is finished by a second start with the link, which ends with 0', async () => {
  const { consent: made, address } = await consent('link');
  const link = await linkOf(address);
  expect(link.split('?')[0]).toBe('tokentray://callback/link');
  if (process.platform === 'darwin') await desktop.link(link);
  else expect(await desktop.secondStart(['--', link])).toEqual({ code: 0 });
  expect(await statusOf(made.id, 10)).toBe('done');
  // The same once more belongs to nobody.
  const before = tokenRequests();
  await desktop.link(link);
  expect(tokenRequests()).toBe(before);
});

test('AC-NP-02, promises 29, 30 and 33: a link with another state, host, path or form changes nothing and gets one quiet notice', async () => {
  const { consent: made, address } = await consent('link');
  const { searchParams } = new URL(address);
  const state = searchParams.get('state') ?? '';
  const good = `tokentray://callback/link?code=x&state=${state}`;
  const page = await desktop.window();
  await desktop.closeWindow(page);
  const notes = (await desktop.notes()).length;
  const before = tokenRequests();
  for (const link of [
    'tokentray://callback/link?code=x&state=unknown',
    'tokentray://callback/link?code=x',
    good.replace('callback', 'Callback'),
    good.replace('callback', 'user@callback'),
    good.replace('callback', 'callback:80'),
    good.replace('/link', '/loop'),
    good.replace('/link', '/link/approve'),
    good.replace('tokentray:', 'tokentray-ui:'),
    `tokentray://import?config=https://example.com&state=${state}`,
    `tokentray://add-provider/link?state=${state}`,
    'tokentray://approve/link?id=1',
    'tokentray://copy/link/me',
    'tokentray://open/settings',
    `${good}%00`,
    `${good}%zz`,
    `${good}&x=${'a'.repeat(LIMITS.redirectUrlBytes)}`,
    `${good}&state=${state}`,
  ]) {
    await arrive(link);
  }
  expect(await statusOf(made.id)).toBe('pending');
  expect(tokenRequests()).toBe(before);
  expect(desktop.windows(), 'windows that a link brought up').toHaveLength(0);
  expect((await desktop.notes()).length - notes, 'notices').toBeLessThanOrEqual(1);
  await desktop.link(await linkOf(address));
  expect(await statusOf(made.id, 10)).toBe('done');
});

test('promise 27: options around a link take no effect, and those before "--" drop it', async () => {
  needs('argv');
  const { consent: made, address } = await consent('link');
  const link = await linkOf(address);
  for (const args of [
    [link],
    ['--settings=x', '--', link],
    ['--inspect', '--', link],
    ['--remote-debugging-port=0', '--', link],
    ['--', link, '--load-extension=/tmp'],
    ['--', '--inspect', link],
  ]) {
    expect(await desktop.secondStart(args), args.join(' ')).toEqual({ code: 0 });
    expect(await statusOf(made.id), args.join(' ')).toBe('pending');
  }
  await desktop.secondStart(['--', link]);
  expect(await statusOf(made.id, 10)).toBe('done');
});

test('who takes the links is asked when a window gains the focus, and not when it loses it', async () => {
  needs('focus', 'insides');
  await desktop.closeWindow(await desktop.window());
  const asked = async () => (await desktop.ask('links.asked')) as number;
  const before = await asked();
  await desktop.window();
  await expect.poll(asked).toBe(before + 1);
  await desktop.focus(false);
  await desktop.focus(true);
  await expect.poll(asked).toBe(before + 2);
});

test('promise 34: what another program sends in the place of a second start is dropped, whatever it is', async () => {
  needs('handover');
  const page = await desktop.window();
  await desktop.closeWindow(page);
  const data = [
    null,
    'x',
    {},
    { tokentray: 2, show: true, link: null },
    { tokentray: 1, show: true, link: null, more: 1 },
    { huge: 'x'.repeat(4_000_000) },
  ];
  for (const one of data)
    await desktop.ask('second-instance', ['x', '--', 'tokentray://callback/link?state=1'], '/', one);
  expect(desktop.windows()).toHaveLength(0);
  await desktop.ask('second-instance', ['x'], '/', { tokentray: 1, show: true, link: null });
  await expect.poll(() => desktop.windows().length).toBe(1);
});

test('promise 32: a thousand links in a second give one notice at most and leave the open consent as it is', async () => {
  // Of real starts a thousand would take minutes.
  needs('handover');
  const { consent: made, address } = await consent('link');
  const notes = (await desktop.notes()).length;
  for (let at = 0; at < 1_000; at += 1) {
    const link = `tokentray://callback/link?code=x&state=s${at}`;
    await desktop.ask('second-instance', ['x'], '/', { tokentray: 1, show: false, link });
  }
  expect((await desktop.notes()).length - notes).toBeLessThanOrEqual(1);
  expect(await statusOf(made.id)).toBe('pending');
  await desktop.link(await linkOf(address));
  expect(await statusOf(made.id, 10)).toBe('done');
});

test('promise 35: a link into a locked vault asks to unlock, and stores nothing', async () => {
  const { address } = await consent('link');
  const link = await linkOf(address);
  await desktop.call('POST', '/v1/lock');
  const before = tokenRequests();
  await desktop.link(link);
  expect((await desktop.notes()).at(-1)?.body).toContain('Unlock Tokentray');
  expect(tokenRequests()).toBe(before);
  await desktop.call('POST', '/v1/unlock', { passphrase: PASSPHRASE });
  expect(tokenRequests()).toBe(before);
});

test('a start by a link: the tray starts, keeps nothing of it, and brings no window up for it', async () => {
  needs('argv');
  const { address } = await consent('link');
  const link = await linkOf(address);
  await desktop
    .call('POST', '/v1/vault/slots', { kind: 'passphrase', passphrase: PASSPHRASE })
    .catch(() => undefined);
  const before = tokenRequests();
  desktop = await startAgain(desktop, ['--', link]);
  await expect.poll(() => desktop.url()).toContain('http');
  expect(((await desktop.call('GET', '/v1/status')) as { state: string }).state).toBe('locked');
  expect(desktop.windows()).toHaveLength(0);
  expect(tokenRequests()).toBe(before);
});
