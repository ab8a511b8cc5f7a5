// Sessions of the window: begun by a login code, ended by idleness, age or a person. The host keeps their records over a
// restart, so that an open window comes back by itself. What must stay true: no code or session is stored in the clear
// (a record holds a digest of 256 random bits), and whatever ends a session ends its open streams.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Clock, RandomPort } from '../ports.ts';
import { elapsed, lookUp, type Moment, momentOf, newSecret, OneTime } from './one-time.ts';

/** What a copy ticket stands for. */
export interface CopyOrder {
  readonly connection: string;
  readonly format: 'token' | 'header';
}

export interface Session {
  readonly id: string;
  readonly tickets: OneTime<CopyOrder>;
  /** Aborted when the session ends. */
  readonly ended: AbortSignal;
}

/** A session as it may be listed; times in wall clock milliseconds. `id` is not the secret. */
export interface SessionView {
  readonly id: string;
  readonly created_at: number;
  readonly last_used_at: number;
  readonly expires_at: number;
}

/** What outlives a restart. Times are wall clock milliseconds. */
export const sessionRecord = z.strictObject({
  digest: z.base64().length(44),
  id: z.string().regex(/^w_[A-Za-z0-9_-]{16}$/),
  begun: z.int(),
  used: z.int(),
});
export type SessionRecord = z.infer<typeof sessionRecord>;

interface Held {
  readonly digest: Buffer;
  readonly session: Session;
  readonly begun: Moment;
  used: Moment;
  /** When its person was last seen to be the one: at the login, or at a proof after it. */
  proved: Moment;
  end(): void;
}

/** A person who mistyped nothing notices nothing; a program that guesses does. */
const FIRST_DELAY_MS = 500;
const ID_BYTES = 12;

export class Sessions {
  readonly #clock: Clock;
  readonly #random: RandomPort;
  readonly #codes: OneTime<true>;
  readonly #held = new Map<string, Held>();
  readonly #save: (records: readonly SessionRecord[]) => void;
  #wrongCodes = 0;

  /** `kept`: the records of a former run; `save` is given the records whenever a session begins or ends. */
  constructor(
    clock: Clock,
    random: RandomPort,
    kept: readonly SessionRecord[] = [],
    save: (records: readonly SessionRecord[]) => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#save = save;
    this.#codes = new OneTime(clock, random, LIMITS.loginCodeMs);
    for (const { digest, id, begun, used } of kept) {
      this.#hold(Buffer.from(digest, 'base64'), id, this.#moment(begun), this.#moment(used));
    }
  }

  records(): SessionRecord[] {
    return [...this.#held.values()]
      .filter((held) => this.#left(held) > 0)
      .map(({ digest, session, begun, used }) => ({
        digest: digest.toString('base64'),
        id: session.id,
        begun: begun.wall,
        used: used.wall,
      }));
  }

  /** A moment of a former run: as long ago as the wall clock says, and never in the future. */
  #moment(wall: number): Moment {
    const now = momentOf(this.#clock);
    const ago = Math.max(0, now.wall - wall);
    return { wall: now.wall - ago, monotonic: now.monotonic - ago };
  }

  /** A login code: works once, for a minute. */
  newCode(): string {
    return this.#codes.issue(true);
  }

  /**
   * Begins a session. A good code is never slowed, a wrong one is answered later each time (promise 166). Throws
   * `unauthorized`. `signal`: the asker went away.
   */
  async begin(
    code: string,
    signal: AbortSignal,
  ): Promise<{ readonly secret: string; readonly view: SessionView }> {
    if (!(await this.#takes(code, signal))) throw badCode('unauthorized');
    const { text, digest } = newSecret(this.#random);
    const id = `w_${Buffer.from(this.#random.bytes(ID_BYTES)).toString('base64url')}`;
    const now = momentOf(this.#clock);
    const held = this.#hold(digest, id, now, now);
    this.#save(this.records());
    return { secret: text, view: this.#view(held) };
  }

  /** The session of that secret. `renew`: a person is at work, so idleness counts from now. */
  find(secret: string, renew: boolean): Session | undefined {
    const held = lookUp(this.#held, secret);
    if (held === undefined || this.#left(held) <= 0) return undefined;
    if (renew) held.used = momentOf(this.#clock);
    return held.session;
  }

  /** A login or a proof was a short time ago: enough for what lets somebody else in (promise 170). */
  isProved({ id }: Session): boolean {
    const held = this.#byId(id);
    return held !== undefined && elapsed(this.#clock, held.proved) < LIMITS.windowProofMs;
  }

  /** Its person was seen to be the one. Returns until when that is enough, in wall clock milliseconds. */
  prove({ id }: Session): number {
    const now = momentOf(this.#clock);
    const held = this.#byId(id);
    if (held !== undefined) held.proved = now;
    return now.wall + LIMITS.windowProofMs;
  }

  /** Proves by the code of a fresh link, with the care of a login. Throws `invalid_field`: the session itself goes on. */
  async proveByCode(session: Session, code: string, signal: AbortSignal): Promise<number> {
    if (!(await this.#takes(code, signal))) throw badCode('invalid_field');
    return this.prove(session);
  }

  async #takes(code: string, signal: AbortSignal): Promise<boolean> {
    const good = this.#codes.take(code) !== undefined;
    if (good) this.#wrongCodes = 0;
    else await this.#delay(signal);
    return good;
  }

  #byId(id: string): Held | undefined {
    return [...this.#held.values()].find(({ session }) => session.id === id);
  }

  /** Newest first. */
  list(): SessionView[] {
    return [...this.#held.values()]
      .filter((held) => this.#left(held) > 0)
      .map((held) => this.#view(held))
      .reverse();
  }

  /** Throws `not_found`. */
  end(id: string): void {
    const held = this.#byId(id);
    if (held === undefined)
      throw new TokentrayError('not_found', 'There is no such session. It may have ended by itself.', {
        field: 'id',
      });
    held.end();
  }

  #hold(digest: Buffer, id: string, begun: Moment, used: Moment): Held {
    const ended = new AbortController();
    const key = digest.toString('base64');
    let cancel = (): void => undefined;
    const held: Held = {
      digest,
      session: {
        id,
        tickets: new OneTime(this.#clock, this.#random, LIMITS.copyTicketMs),
        ended: ended.signal,
      },
      begun,
      used,
      proved: begun,
      end: () => {
        cancel();
        this.#held.delete(key);
        ended.abort();
        this.#save(this.records());
      },
    };
    // Streams do not ask for anything any more: without this they would outlive an idle session.
    const watch = (): void => {
      const left = this.#left(held);
      if (left <= 0) held.end();
      else cancel = this.#clock.timer(left, watch);
    };
    this.#held.set(key, held);
    watch();
    for (const other of this.#held.values()) {
      if (this.#held.size <= LIMITS.windowSessions) break;
      other.end();
    }
    return held;
  }

  /** Milliseconds until it ends if nothing happens. */
  #left({ begun, used }: Held): number {
    const idle = LIMITS.windowIdleMs - elapsed(this.#clock, used);
    return Math.min(idle, LIMITS.windowAgeMs - elapsed(this.#clock, begun));
  }

  #view({ session, begun, used }: Held): SessionView {
    return {
      id: session.id,
      created_at: begun.wall,
      last_used_at: used.wall,
      expires_at: begun.wall + LIMITS.windowAgeMs,
    };
  }

  #delay(signal: AbortSignal): Promise<void> {
    const ms = Math.min(FIRST_DELAY_MS * 2 ** this.#wrongCodes, LIMITS.loginDelayMaxMs);
    this.#wrongCodes += 1;
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.timer(ms, done);
      if (signal.aborted) done();
      else signal.addEventListener('abort', done);
    });
  }
}

function badCode(code: 'unauthorized' | 'invalid_field'): TokentrayError {
  return new TokentrayError(
    code,
    'This link was used already, is older than a minute, or is not complete. Get a new one with: tokentray open',
    { field: 'code', action: { command: 'tokentray open' } },
  );
}
