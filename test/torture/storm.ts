// Fault 10: a storm of refreshes on rotating connections while the host is killed at random moments, again and again. After
// every kill the vault is opened by somebody else and held against two witnesses that survive: the journal of the host
// (what it had received and committed) and the log of oidc-provider (what it issued and what was used up).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectionJson } from '../../api/wire.ts';
import { scanForCanaries } from '../support/canary-scan.ts';
import { readVaultRows, readVaultsElsewhere } from '../support/vault-rows.ts';
import {
  type Loaded,
  loadVictim,
  startVictim,
  type Victim,
  type VictimPlace,
  victimPlace,
} from '../support/victim.ts';
import { StormWitness } from './storm-witness.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

export interface StormOptions {
  readonly kills: number;
  /** Refreshes that a host answers before it dies: a random number below this, and then a random moment. */
  readonly answers: number;
  /** Hosts that are loaded ahead. */
  readonly loadedAhead?: number;
}

export interface StormReport {
  readonly kills: number;
  /** Commits of a new refresh token. */
  readonly rotations: number;
  /** Connections whose committed token was not on the disk afterwards. Must be empty. */
  readonly lost: readonly string[];
  /** Every other broken rule. Must be empty. */
  readonly wrong: readonly string[];
  /** Grants that ended because the host died after the provider used the token and before the answer was committed. */
  readonly inDoubt: number;
  /** Of these, those whose answer had arrived whole. */
  readonly arrived: number;
  /** The longest time from the last byte of an answer to its commit, milliseconds. */
  readonly longestMs: number;
}

const PROVIDERS = ['p1', 'p2', 'p3', 'p4', 'p5'];
/** The practice server's own users. */
const PER_PROVIDER = 4;
const SCRIPTS = 10;
/** As long as a refresh takes, with the provider's part in it. */
const MOMENT_MS = 40;
const PROGRAM = join(import.meta.dirname, 'rotating-provider.ts');

interface Account {
  readonly provider: string;
  readonly name: string;
  /** At the provider. */
  readonly user: number;
  busy: boolean;
}

export async function storm(t: Cleanup, options: StormOptions): Promise<StormReport> {
  const { kills, answers, loadedAhead = 2 } = options;
  const place = await victimPlace(t);
  const { issuer, log } = await startProvider(t);
  const witness = new StormWitness(place.journal, log);
  const accounts = PROVIDERS.flatMap((provider) =>
    Array.from({ length: PER_PROVIDER }, (_, at): Account => {
      const user = at + 1;
      return { provider, name: `user${user}`, user, busy: false };
    }),
  );
  const first = await startVictim(t, place);
  for (const id of PROVIDERS) {
    const added = await first.call('POST', '/v1/providers', { body: entryOf(id, issuer) });
    assert.equal(added.status, 201, added.body);
  }
  for (const account of accounts) {
    const imported = await importNew(first, account);
    assert.equal(imported.status, 201, imported.body);
  }
  await first.end();
  witness.look(await readVaultRows(place.vault, place.keyFile));

  let host: Victim | undefined;
  let over = false;
  let answered = 0;
  let came = Promise.withResolvers<void>();
  const scripts = Array.from({ length: SCRIPTS }, () => script());
  const loaded: Promise<Loaded>[] = [];
  const load = () => {
    // Looked at when its turn comes.
    const one = loadVictim(t, place);
    one.catch(() => undefined);
    loaded.push(one);
  };
  for (let ahead = 0; ahead < Math.min(loadedAhead, kills); ahead += 1) load();
  for (let kill = 0; kill < kills; kill += 1) {
    if (kill + loadedAhead < kills) load();
    host = await (await loaded.shift()!).start();
    came.resolve();
    // Counted in answers, so that a slow machine kills as deep in the storm as a fast one.
    const enough = answered + Math.floor(Math.random() * answers);
    while (answered < enough) await pause(1);
    await pause(Math.random() * MOMENT_MS);
    const victim = host;
    host = undefined;
    came = Promise.withResolvers();
    await victim.end('SIGKILL');
    witness.killed();
    witness.look(await readVaultRows(place.vault, place.keyFile));
  }
  over = true;
  came.resolve();
  await Promise.all(scripts);
  await afterwards(t, place, witness);
  return { kills, ...witness.report() };

  /** One script that asks for refreshes without an end, and whose owner connects anew what needs it. */
  async function script(): Promise<void> {
    while (!over) {
      const at = host;
      const free = accounts.filter(({ busy }) => !busy);
      const account = free[Math.floor(Math.random() * free.length)];
      if (at === undefined || account === undefined) {
        await (at === undefined ? came.promise : pause(1));
        continue;
      }
      account.busy = true;
      try {
        const reply = await at.call('POST', `/v1/refresh/${account.provider}/${account.name}`);
        answered += 1;
        if ([404, 409].includes(reply.status)) await connectAgain(at, account);
      } catch (error) {
        // The host was killed under the request.
        if (host === at && !over) await pause(1);
        if (!(error instanceof Error)) throw error;
      } finally {
        account.busy = false;
      }
    }
  }

  async function connectAgain(at: Victim, account: Account): Promise<void> {
    const { connections }: { connections: ConnectionJson[] } = (await at.call('GET', '/v1/connections')).json;
    const old = connections.find(
      ({ provider, account: name }) => provider === account.provider && name === account.name,
    );
    if (old?.status === 'active') return;
    if (old !== undefined) {
      witness.removing(old.id);
      await at.call('DELETE', `/v1/connections/${old.id}?force`);
    }
    await importNew(at, account);
  }

  async function importNew(at: Victim, { provider, name, user }: Account) {
    const minted = (await (await fetch(`${issuer}/mint?user=${user}`)).json()) as { refresh_token: string };
    const body = { refresh_token: minted.refresh_token, account: name };
    return at.call('POST', `/v1/providers/${provider}/import`, { body });
  }
}

/** A process that had nothing to do with it reads the vault; then every connection that is left must still refresh. */
async function afterwards(t: Cleanup, place: VictimPlace, witness: StormWitness): Promise<void> {
  const [found] = readVaultsElsewhere([place.vault], place.keyFile);
  if (found === undefined || 'error' in found)
    return void witness.wrong.push(`the vault does not open: ${found?.error}`);
  witness.look(found);
  const host = await startVictim(t, place);
  for (const { status, id, provider, account } of (await host.call('GET', '/v1/connections')).json
    .connections as ConnectionJson[]) {
    if (status !== 'active') continue;
    const reply = await host.call('POST', `/v1/refresh/${provider}/${account}`);
    witness.refreshedAtTheEnd(id, reply.status, reply.json.detail ?? '');
  }
  await host.end();
  witness.look(await readVaultRows(place.vault, place.keyFile));
  witness.judgeRequests();
  for (const hit of scanForCanaries([place.home], witness.tokens()))
    witness.wrong.push(`readable: ${JSON.stringify(hit)}`);
}

function entryOf(id: string, issuer: string) {
  return {
    id,
    name: id,
    issuer,
    discovery: 'none',
    client_id: 'tokentray-sandbox',
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    scopes: ['openid', 'offline_access'],
  };
}

async function startProvider(t: Cleanup): Promise<{ issuer: string; log: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tt-storm-'));
  const log = join(folder, 'log');
  const child = spawn(process.execPath, [PROGRAM, join(folder, 'data'), log], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { issuer: line.toString().trim(), log };
}
