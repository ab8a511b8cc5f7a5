// The engine as the model drives it: a real vault on disk, a strict provider in memory, a clock that is moved by hand. The
// reference is small: per connection the place in its chain of refresh tokens that must be on the disk, whether an answer
// is in doubt, and whether the provider refused. It follows what the provider did and the steps that were reached.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { createEngine } from '../../core/create-engine.ts';
import type { Engine } from '../../core/engine.ts';
import type { HttpOutcome, HttpPort, HttpRequest } from '../../core/ports.ts';
import type { RotationStep } from '../../core/refresh/rotation.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { answered, maybeSent, notSent } from '../support/fake-http.ts';
import { ACME_INPUT } from '../support/provider-samples.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { secureRandom } from '../support/vault-fixture.ts';
import { MemoryKeychain } from '../support/vault-keychain.ts';
import { readVaultRows } from '../support/vault-rows.ts';

/** What the provider does with one request: `lost` uses the token up and loses the answer, `gone` never sees it. */
export type Doing = 'honest' | 'lost' | 'gone' | 'down' | 'offline';
/** Puts something broken between provider and engine, to show that the model sees it. */
export type Twin = (outcome: HttpOutcome) => HttpOutcome;

export const LIFE_MS = 3_600_000;
const KEY = 'tt_owner';

interface Grant {
  readonly account: string;
  /** Of each access token, monotonic: when it was given. */
  readonly givenAt: number[];
  newest: number;
  ended: boolean;
}

/** The reference for one connection. */
interface Reference {
  readonly grant: Grant;
  id: string;
  /** Place in the chain of the refresh token that must be on the disk. */
  kept: number;
  /** An answer to `kept` may be lost. */
  doubt: boolean;
  cause: 'refused' | 'answer_lost' | undefined;
  revoked: boolean;
  /** An answer is on the disk and was never judged: its host died first. */
  unjudged: boolean;
  /** Of the attempt that runs. */
  attempt: { doubt: boolean; verdict: 'rotated' | 'refused' | 'nothing'; arrived: number };
  lastStep: string;
}

export class ModelWorld {
  readonly clock = new FakeClock();
  readonly references = new Map<string, Reference>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'tt-model-'));
  readonly #keyFile = join(this.#folder, 'vault.key');
  readonly #grants = new Map<string, { readonly grant: Grant; readonly place: number }>();
  readonly #plans = new Map<Grant, Doing[]>();
  readonly #twin: Twin;
  #home = join(this.#folder, '0');
  #life = 0;
  #engine!: Engine;
  #killAt: { readonly id: string; readonly step: RotationStep; readonly dead: () => void } | undefined;
  #minted = 0;
  /** The clock was set, and a host started after it: nobody can know the age of older tokens. */
  #jumped = false;
  #ageUnknown = false;
  revocationWorks = true;

  constructor(twin: Twin = (outcome) => outcome) {
    this.#twin = twin;
  }

  async begin(): Promise<void> {
    mkdirSync(this.#home, { mode: 0o700 });
    this.#start();
    await this.#engine.vault.addSlot({ kind: 'file', path: this.#keyFile });
    const { token_endpoint: endpoint } = ACME_INPUT;
    await this.#engine.providers.add({
      ...ACME_INPUT,
      revocation_endpoint: endpoint.replace('token', 'revoke'),
    });
  }

  get isOpen(): boolean {
    return this.#engine.state() === 'open';
  }

  get #owner() {
    const owner = this.#engine.callers.identify(KEY);
    assert.ok(owner !== undefined);
    return owner;
  }

  // What a history is made of

  async connect(account: string): Promise<void> {
    this.#minted += 1;
    const grant: Grant = { account, givenAt: [], newest: 0, ended: false };
    this.#grants.set(`R-${this.#minted}-0`, { grant, place: 0 });
    const given = `R-${this.#minted}-0`;
    const view = await this.#during(this.#engine.providers.import('acme', { refresh_token: given, account }));
    const attempt = { doubt: false, verdict: 'nothing', arrived: 0 } as const;
    const reference: Reference = {
      ...{ grant, id: view.id, kept: grant.newest, doubt: false, cause: undefined, revoked: false },
      ...{ unjudged: false, attempt, lastStep: '' },
    };
    this.references.set(account, reference);
  }

  /** A person refreshes; the provider does `doing` with the request and with the quick retry. */
  async refresh(account: string, doing: readonly Doing[], killAt?: RotationStep): Promise<void> {
    const { grant, id, unjudged, kept, doubt, revoked } = this.#of(account);
    const healthy = !grant.ended && grant.newest === kept && !unjudged && !revoked;
    this.#plans.set(grant, [...doing]);
    const dead = Promise.withResolvers<'killed'>();
    if (killAt !== undefined) this.#killAt = { id, step: killAt, dead: () => dead.resolve('killed') };
    const wasOpen = this.isOpen;
    const ended = this.#engine.connections.refresh(this.#owner, `acme/${account}`).then(
      () => 'refreshed',
      (error: unknown) => codeOf(error),
    );
    const outcome = await this.#during(Promise.race([ended, dead.promise]));
    this.#plans.delete(grant);
    this.#killAt = undefined;
    if (outcome === 'killed') return this.#reopen();
    if (!wasOpen) return assert.equal(outcome, 'locked');
    const first = doing[0] === undefined || doing[0] === 'honest';
    if (healthy && first) assert.equal(outcome, 'refreshed', `${account}, in doubt: ${doubt}`);
    if (outcome === 'refreshed') assert.equal(this.#of(account).kept, grant.newest);
  }

  async handOut(account: string): Promise<void> {
    const wasOpen = this.isOpen;
    const given = await this.#during(
      this.#engine.tokens.handOut(this.#owner, `acme/${account}`, { door: 'model' }).then(
        ({ access_token }) => access_token,
        (error: unknown) => ({ refused: codeOf(error) }),
      ),
    );
    const { grant, kept, cause, revoked } = this.#of(account);
    if (typeof given !== 'string') {
      if (!wasOpen) return assert.equal(given.refused, 'locked');
      assert.equal(given.refused, 'consent_needed');
      return assert.ok(cause !== undefined || revoked, 'refused although nobody ended the grant');
    }
    assert.ok(wasOpen, 'a locked vault gave a token');
    const place = Number(/^A-(\d+)$/.exec(given)?.[1]);
    assert.ok(place <= kept, 'a token whose refresh token is not on the disk was given');
    const age = this.clock.monotonic() - (grant.givenAt[place] ?? Number.NaN);
    if (!this.#ageUnknown) assert.ok(age < LIFE_MS, `a token of ${age} ms was given`);
  }

  async revoke(account: string): Promise<void> {
    const wasOpen = this.isOpen;
    const works = this.revocationWorks;
    const reference = this.#of(account);
    const outcome = await this.#during(
      this.#engine.connections.revoke(this.#owner, `acme/${account}`).then(() => 'revoked', codeOf),
    );
    if (!wasOpen) return assert.equal(outcome, 'locked');
    if (!works && !reference.revoked) return assert.equal(outcome, 'revocation_failed');
    Object.assign(reference, { revoked: true, doubt: false, unjudged: false });
  }

  async remove(account: string): Promise<void> {
    const wasOpen = this.isOpen;
    const outcome = await this.#during(
      this.#engine.connections
        .remove(this.#owner, `acme/${account}`, { force: true })
        .then(() => 'removed', codeOf),
    );
    if (!wasOpen) return assert.equal(outcome, 'locked');
    assert.equal(outcome, 'removed');
    this.references.delete(account);
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.#settle();
  }

  jump(ms: number): void {
    this.clock.jumpWall(ms);
    this.#jumped = true;
  }

  async lock(): Promise<void> {
    await this.#during(this.#engine.vault.lock());
  }

  async unlock(): Promise<void> {
    await this.#during(this.#engine.vault.unlock({ kind: 'file', path: this.#keyFile }));
    await this.#settle();
  }

  async restart(): Promise<void> {
    await this.#during(this.#engine.close());
    this.#start();
    await this.unlock();
  }

  /** The engine is thrown away as it is. */
  async kill(): Promise<void> {
    this.#die();
    await this.#reopen();
  }

  // What must be true

  /** After every command: what everybody sees is what the reference says. */
  check(): void {
    if (!this.isOpen) return;
    const seen = this.#engine.connections.list(this.#owner).map(({ account }) => account);
    assert.deepEqual(seen.toSorted(), [...this.references.keys()].toSorted());
    for (const [account, { cause, revoked, unjudged }] of this.references) {
      const { state } = this.#engine.connections.show(this.#owner, `acme/${account}`);
      if (unjudged || state.status === 'refreshing') continue;
      const status = 'cause' in state ? state.cause : state.status;
      assert.equal(status, revoked ? 'revoked' : (cause ?? 'active'), account);
    }
  }

  /** At the end: what somebody else finds on the disk. */
  async end(): Promise<void> {
    this.#die();
    const { rows, sound, damaged } = await readVaultRows(join(this.#home, 'vault.db'), this.#keyFile);
    assert.deepEqual([sound, damaged, rows.length], [true, [], this.references.size]);
    for (const { doc, secrets, intent } of rows) {
      const { kept, doubt, revoked, unjudged } = this.#of(doc.account);
      const place = this.#grants.get(secrets.refresh_token ?? '')?.place;
      assert.equal(place, revoked ? undefined : kept, doc.account);
      assert.equal(intent?.kind, unjudged ? 'answered' : doubt ? 'sent' : undefined, doc.account);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #of(account: string): Reference {
    const reference = this.references.get(account);
    assert.ok(reference !== undefined);
    return reference;
  }

  // One life of an engine

  #start(): void {
    this.#life += 1;
    const life = this.#life;
    const alive = () => life === this.#life;
    this.#ageUnknown ||= this.#jumped;
    const { clock } = this;
    this.#engine = createEngine({
      ports: {
        // A dead engine hears of no time and of no answer.
        clock: {
          wall: () => clock.wall(),
          monotonic: () => clock.monotonic(),
          timer: (ms, fn) => clock.timer(ms, () => alive() && fn()),
        },
        http: this.#port(alive),
        log: createRecordingLog(),
        browser: { open: () => Promise.resolve() },
        keychain: new MemoryKeychain(),
        network: { online: () => true },
        links: { owner: () => Promise.resolve({ kind: 'none' }) },
        random: secureRandom,
      },
      vaultPath: join(this.#home, 'vault.db'),
      ownerKey: KEY,
      redirectPort: () => 1,
      onStep: (step, id) => alive() && this.#reached(step, id),
    });
  }

  /** From here on the old engine is nobody; what a power cut would have left is in a new folder. */
  #die(): void {
    this.#life += 1;
    const next = join(this.#folder, String(this.#life));
    mkdirSync(next, { mode: 0o700 });
    for (const name of ['vault.db', 'vault.db-wal']) {
      const file = join(this.#home, name);
      if (existsSync(file)) cpSync(file, join(next, name));
    }
    this.#home = next;
    for (const reference of this.references.values()) {
      // Its request was under way: nobody will ever know.
      if (reference.lastStep === 'S2') reference.doubt = true;
      reference.lastStep = '';
    }
  }

  async #reopen(): Promise<void> {
    this.#start();
    await this.unlock();
  }

  #reached(step: RotationStep, id: string): void {
    const reference = [...this.references.values()].find((one) => one.id === id);
    if (reference === undefined) return;
    reference.lastStep = step;
    const { attempt } = reference;
    if (step === 'S2')
      reference.attempt = { doubt: reference.doubt, verdict: 'nothing', arrived: reference.kept };
    const isDeath = this.#killAt?.id === id && this.#killAt.step === step;
    if (isDeath && (step === 'S3' || step === 'S5')) reference.lastStep = 'S2';
    else if (step === 'S3' && attempt.verdict === 'refused') {
      const lost = attempt.doubt || reference.cause === 'answer_lost';
      reference.cause = lost ? 'answer_lost' : 'refused';
      reference.doubt = false;
    } else if (step === 'S3' && attempt.verdict === 'nothing') reference.doubt = attempt.doubt;
    else if (step === 'S7') {
      reference.kept = attempt.arrived;
      reference.doubt = false;
      reference.unjudged = true;
    } else if (step === 'S8') {
      reference.unjudged = false;
      reference.cause = undefined;
    }
    if (!isDeath) return;
    const { dead } = this.#killAt!;
    this.#killAt = undefined;
    this.#die();
    dead();
  }

  // The provider

  #port(alive: () => boolean): HttpPort {
    return {
      send: async (request) => {
        await turn();
        if (!alive()) return new Promise(() => {});
        const outcome = request.url.pathname.endsWith('/revoke')
          ? this.#revocation(request)
          : this.#refresh(request);
        await turn();
        return alive() ? this.#twin(outcome) : new Promise(() => {});
      },
    };
  }

  #revocation({ body }: HttpRequest): HttpOutcome {
    const grant = this.#grants.get(new URLSearchParams(body).get('token') ?? '')?.grant;
    if (!this.revocationWorks) return answered(503);
    if (grant !== undefined) grant.ended = true;
    return answered(200);
  }

  #refresh({ body }: HttpRequest): HttpOutcome {
    const token = new URLSearchParams(body).get('refresh_token') ?? '';
    const known = this.#grants.get(token);
    assert.ok(known !== undefined, 'a token that was never given was sent');
    const { grant, place } = known;
    const reference = this.references.get(grant.account);
    const mine = reference?.grant === grant ? reference : undefined;
    assert.ok(
      mine === undefined || place === mine.kept,
      `token ${place} was sent, ${mine?.kept} is on the disk`,
    );
    assert.ok(this.#engine.state() !== 'locked' || this.#locking, 'a locked vault sent a token');
    const doing = this.#plans.get(grant)?.shift() ?? 'honest';
    if (doing === 'offline') return notSent();
    if (doing === 'down') return answered(503);
    const isLost = doing === 'lost' || doing === 'gone';
    if (isLost && mine !== undefined) mine.attempt.doubt = true;
    if (doing === 'gone') return maybeSent();
    if (grant.ended || place !== grant.newest) {
      grant.ended = true;
      if (isLost) return maybeSent();
      if (mine !== undefined) mine.attempt.verdict = 'refused';
      return answered(400, { error: 'invalid_grant' });
    }
    grant.newest += 1;
    grant.givenAt[grant.newest] = this.clock.monotonic();
    const next = token.replace(/\d+$/, String(grant.newest));
    this.#grants.set(next, { grant, place: grant.newest });
    if (isLost) return maybeSent();
    if (mine !== undefined) {
      mine.attempt.verdict = 'rotated';
      mine.attempt.arrived = grant.newest;
    }
    return answered(200, {
      access_token: `A-${grant.newest}`,
      token_type: 'Bearer',
      expires_in: LIFE_MS / 1_000,
      refresh_token: next,
    });
  }

  // Waiting

  /** A lock lets what is in flight finish. */
  #locking = false;

  async #during<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const ended = work.finally(() => {
      over = true;
    });
    ended.catch(() => undefined);
    this.#locking = true;
    for (let turns = 0; !over; turns += 1) {
      assert.ok(turns < 3_000, 'it did not end');
      await turn();
      // Pauses are only waited for when nothing else moves.
      if (turns % 30 === 29) this.clock.advance(1_000);
    }
    this.#locking = false;
    await this.#settle();
    return ended;
  }

  /** Refreshes in the background have come and gone. */
  async #settle(): Promise<void> {
    for (let turns = 0; turns < 12; turns += 1) await turn();
    for (let turns = 0; turns < 500 && this.isOpen && this.#isRefreshing(); turns += 1) await turn();
  }

  #isRefreshing(): boolean {
    return this.#engine.connections.list(this.#owner).some(({ state }) => state.status === 'refreshing');
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  throw error;
}
