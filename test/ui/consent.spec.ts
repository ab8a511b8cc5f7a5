// A person's consent in a real Chromium against a real host and practice server: what they see, and what their browser
// keeps.
import type { BrowserContext, Page } from '@playwright/test';
import { scanText } from '../support/canary-scan.ts';
import { recordingHttp } from '../support/recording-http.ts';
import { type RunningHost, startRunningHost } from '../support/running-host.ts';
import { expect, test } from './window.ts';

let host: RunningHost;
/** Codes, verifiers and tokens that went between host and provider. */
const secrets = new Set<string>();

test.beforeAll(async () => {
  host = await startRunningHost({ sandbox: true, ports: { http: recordingHttp(secrets, []) } });
});
test.afterAll(() => host.remove());

interface Consent {
  readonly id: string;
  readonly status: string;
  readonly authorization_url: string;
  readonly reason?: string;
  readonly code?: string;
  readonly connection?: string;
}

async function startConsent(account?: string): Promise<Consent> {
  const { status, json } = await host.call('POST', '/v1/connections', {
    body: { provider: 'sandbox', account },
  });
  expect(status).toBe(202);
  return json.consent;
}

async function consent(id: string): Promise<Consent> {
  return (await host.call('GET', `/v1/consents/${id}?wait=10`)).json;
}

/** Everything a page complains about, and every place the browser asks. */
interface Watch {
  readonly complaints: string[];
  readonly hosts: Set<string>;
}

function watch(context: BrowserContext): Watch {
  const complaints: string[] = [];
  const hosts = new Set<string>();
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(error.error().message));
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== 'data:') hosts.add(hostname);
  });
  return { complaints, hosts };
}

async function signIn(page: Page, username: string): Promise<void> {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill('password');
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Addresses of this tab, as the back button would go through them. */
async function historyOf(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send('Page.getNavigationHistory');
  return entries.flatMap(({ url, userTypedURL }) => [url, userTypedURL]);
}

test('a consent in a browser: sign in, read who asks for what, allow, and read that it is connected', async ({
  context,
  page,
}) => {
  const { complaints, hosts } = watch(context);
  const { id, authorization_url } = await startConsent();
  await page.goto(authorization_url);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sign in');
  await expect(page.locator('input[name=username]')).toBeFocused();
  await expect(page.locator('input[name=password]')).toHaveAttribute('type', 'password');

  await signIn(page, 'user1');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Allow Tokentray?');
  const main = page.getByRole('main');
  await expect(main.getByRole('listitem')).toHaveText([
    'know which user you are',
    'see your user name',
    'read your contacts',
    'keep this access while you are away',
  ]);
  await expect(main).toContainText('Signed in as user1. Not you?');
  await expect(page.getByRole('button', { name: 'Deny' })).toBeVisible();

  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('sandbox/user1 is connected');
  expect(await consent(id)).toMatchObject({ status: 'done', connection: 'sandbox/user1' });
  expect((await host.call('GET', '/v1/token/sandbox/user1')).status).toBe(200);
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual(['127.0.0.1']);
});

test('promise 19: the last page and the history of the browser hold no code, no state, no verifier and no token', async ({
  page,
}) => {
  secrets.clear();
  const { authorization_url } = await startConsent();
  const state = new URL(authorization_url).searchParams.get('state') ?? '';
  const arrived: string[] = [];
  page.on('request', (request) => {
    const { searchParams } = new URL(request.url());
    const code = searchParams.get('code');
    if (code !== null) arrived.push(code);
  });
  await page.goto(authorization_url);
  await signIn(page, 'user2');
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('sandbox/user2 is connected');
  const { href, search, hash, pathname } = new URL(page.url());
  expect([search, hash]).toEqual(['', '']);
  expect(pathname).toMatch(/^\/done\/[\w-]{22}$/);
  expect(arrived.length).toBe(1);
  const kept = [href, ...(await historyOf(page)), await page.content()].join('\n');
  // The code, its verifier and three tokens.
  expect(secrets.size).toBe(5);
  expect(secrets.has(arrived[0] ?? '')).toBe(true);
  expect(scanText('kept', kept, secrets)).toEqual([]);
  // The address the user came in by holds the state, as it must; what came back does not.
  const afterwards = [href, ...(await historyOf(page)).filter((url) => url.includes('/done/'))].join('\n');
  expect(afterwards).not.toContain(state);
  expect(await page.evaluate('document.referrer')).not.toMatch(/code=|state=/);
});

test('a consent that is denied says so on its last page and in the consent, and connects nothing', async ({
  context,
  page,
}) => {
  const { complaints } = watch(context);
  const { id, authorization_url } = await startConsent();
  await page.goto(authorization_url);
  await signIn(page, 'user3');
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(page.getByRole('main')).toContainText('Not connected');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sandbox is not connected');
  const ended = await consent(id);
  expect(ended).toMatchObject({ status: 'failed', code: 'consent_failed' });
  await expect(page.getByRole('main')).toContainText(ended.reason ?? 'no reason');
  expect((await host.call('GET', '/v1/token/sandbox/user3')).status).toBe(404);
  expect(complaints).toEqual([]);
});

test('"Not you?" leads back to the sign-in page, a wrong password is said, and the second user is connected', async ({
  page,
}) => {
  const { id, authorization_url } = await startConsent();
  await page.goto(authorization_url);
  await signIn(page, 'user3');
  await page.getByRole('link', { name: 'Not you?' }).click();
  await page.getByLabel('User name').fill('user4');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('Check both and try again');
  await expect(page.getByLabel('User name')).toHaveValue('user4');
  await page.getByLabel('Password').fill('password');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toContainText('Signed in as user4');
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('sandbox/user4 is connected');
  expect(await consent(id)).toMatchObject({ status: 'done', connection: 'sandbox/user4' });
});

test.describe('how the pages look', () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1000, 360] as const) {
      test(`${colorScheme}, ${width} pixels wide: nothing is cut off`, async ({ browser }) => {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 700 } });
        const page = await context.newPage();
        const shoot = async (name: string) => {
          const fits = 'document.documentElement.scrollWidth === document.documentElement.clientWidth';
          expect(await page.evaluate(fits), name).toBe(true);
          await page.screenshot({ path: `test-results/pages/${name}-${colorScheme}-${width}.png` });
        };
        const first = await startConsent();
        await page.goto(first.authorization_url);
        await shoot('login');
        await signIn(page, 'user1');
        await expect(page.getByRole('heading', { level: 1 })).toHaveText('Allow Tokentray?');
        await shoot('consent');
        await page.getByRole('button', { name: 'Deny' }).click();
        await expect(page.getByRole('main')).toContainText('Not connected');
        await shoot('denied');
        const second = await startConsent();
        await page.goto(second.authorization_url);
        await page.getByRole('button', { name: 'Allow' }).click();
        await expect(page.getByRole('main')).toContainText('is connected');
        await shoot('connected');
        await context.close();
      });
    }
  }
});
