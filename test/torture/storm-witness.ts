// What two witnesses say about a storm, held against the vault: the invariants I1 to I5. A token is known by its place in
// the chain that oidc-provider gave out for one grant, so "lost" has one meaning: the vault holds an earlier token of the
// chain than one whose commit had returned.
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { VaultRows } from '../support/vault-rows.ts';
import type { JournalLine } from '../support/victim-host.ts';
import type { ProviderLine } from './rotating-provider.ts';

interface Place {
  readonly grant: string;
  readonly index: number;
}

/** What the journal says of one connection in the life of one host. */
interface Seen {
  /** Place in the chain of the newest token whose commit returned. */
  committed: number;
  /** The same of the newest answer that arrived. */
  arrived: number;
  lastStep: string;
}

interface Request {
  readonly token: string;
  readonly since: number;
  readonly at: number;
  readonly status: number;
}

export class StormWitness {
  readonly lost: string[] = [];
  readonly wrong: string[] = [];
  readonly #journal: Tail<JournalLine>;
  readonly #provider: Tail<ProviderLine>;
  readonly #places = new Map<string, Place>();
  readonly #chains = new Map<string, string[]>();
  readonly #used = new Set<string>();
  readonly #requests: Request[] = [];
  readonly #kills: number[] = [];
  readonly #known = new Map<string, Seen>();
  readonly #removed = new Set<string>();
  readonly #doubted = new Set<string>();
  #rotations = 0;
  #arrived = 0;
  #longestMs = 0;

  constructor(journal: string, provider: string) {
    this.#journal = new Tail(journal);
    this.#provider = new Tail(provider);
  }

  killed(): void {
    this.#kills.push(Date.now());
  }

  /** The owner asked for the removal of this connection: it may be gone. */
  removing(id: string): void {
    this.#removed.add(id);
  }

  tokens(): string[] {
    return [...this.#places.keys()];
  }

  /** Holds what is on the disk against what the witnesses say. */
  look({ sound, damaged, rows }: VaultRows): void {
    if (!sound) this.wrong.push('SQLite finds damage');
    for (const id of damaged) this.wrong.push(`${id} does not open`);
    this.#readProvider();
    const ids = new Map<string, string>();
    for (const { doc, secrets } of rows) {
      const grant = this.#places.get(secrets.refresh_token ?? '')?.grant;
      if (grant === undefined) this.wrong.push(`${doc.id} holds a token that was never issued`);
      else ids.set(doc.id, grant);
    }
    this.#readJournal(ids);
    const found = new Set(rows.map(({ doc }) => doc.id));
    for (const id of this.#known.keys()) {
      if (found.has(id)) continue;
      if (!this.#removed.has(id)) this.lost.push(`${id}: the connection is gone`);
      this.#known.delete(id);
    }
    for (const { doc, secrets, intent } of rows) {
      const token = secrets.refresh_token ?? '';
      const index = this.#places.get(token)?.index ?? -1;
      const seen = this.#known.get(doc.id) ?? { committed: index, arrived: index, lastStep: '' };
      this.#known.set(doc.id, seen);
      if (index < seen.committed)
        this.lost.push(`${doc.id}: token ${seen.committed} was committed, ${index} is on the disk`);
      if (index > seen.arrived) this.wrong.push(`${doc.id}: token ${index} is on the disk and never arrived`);
      // What was committed when the host died before it could say so.
      seen.committed = Math.max(seen.committed, index);
      const { state } = doc;
      const isOver = state.status === 'needs_consent';
      if (['S2', 'S5'].includes(seen.lastStep) && intent === null && !isOver)
        this.wrong.push(`${doc.id}: died after ${seen.lastStep}, and there is no intent`);
      if (isOver && !this.#doubted.has(doc.id)) this.#doubt(doc.id, state.cause, token, index < seen.arrived);
    }
  }

  refreshedAtTheEnd(id: string, status: number, detail: string): void {
    if (status === 200 || (status === 409 && detail.includes('answer was lost'))) return;
    this.wrong.push(`${id}: refreshing it at the end was answered ${status} ${detail}`);
  }

  /** I4: one request at a time per connection, and no token that is older than another one that was sent before. */
  judgeRequests(): void {
    this.#readProvider();
    const byGrant = Map.groupBy(this.#requests, ({ token }) => this.#places.get(token)?.grant ?? 'unknown');
    for (const [grant, requests] of byGrant) {
      const sorted = requests.toSorted((left, right) => left.since - right.since);
      for (const [at, second] of sorted.entries()) {
        const first = sorted[at - 1];
        if (first === undefined) continue;
        // A request that a dead host left behind is not in flight any more.
        const wasKilled = this.#kills.some((kill) => kill >= first.since && kill <= second.at);
        if (second.since < first.at && !wasKilled) this.wrong.push(`${grant}: two requests at once`);
        const step =
          (this.#places.get(second.token)?.index ?? 0) - (this.#places.get(first.token)?.index ?? 0);
        if (step < 0) this.wrong.push(`${grant}: an older token was sent`);
        // After a refusal the same token comes again only because a script of the storm, like a person, insists.
        const insisted = first.status === 400 && first.at <= second.since;
        if (step === 0 && !wasKilled && !insisted)
          this.wrong.push(`${grant}: one token was sent twice by one host`);
      }
    }
  }

  report() {
    return {
      rotations: this.#rotations,
      lost: this.lost,
      wrong: this.wrong,
      inDoubt: this.#doubted.size,
      arrived: this.#arrived,
      longestMs: this.#longestMs,
    };
  }

  /** Only a token that was used up, and whose successor was never committed, may end in "sign in again". */
  #doubt(id: string, cause: string, token: string, hadArrived: boolean): void {
    this.#doubted.add(id);
    if (hadArrived) this.#arrived += 1;
    if (cause !== 'answer_lost') this.wrong.push(`${id}: needs consent because of ${cause}`);
    if (!this.#used.has(token)) this.wrong.push(`${id}: needs consent, and its token was never used`);
  }

  #readProvider(): void {
    for (const line of this.#provider.next()) {
      if (line.what === 'issued') {
        const chain = this.#chains.get(line.grant) ?? [];
        this.#chains.set(line.grant, chain);
        this.#places.set(line.token, { grant: line.grant, index: chain.length });
        chain.push(line.token);
      } else if (line.what === 'used') this.#used.add(line.token);
      // A request that its host did not live to send whole names no token.
      else if (line.what === 'answered' && line.token !== '') this.#requests.push(line);
    }
  }

  /** `ids`: which grant each connection is about. */
  #readJournal(ids: ReadonlyMap<string, string>): void {
    const newest = new Map<string, { index: number; t: number }>();
    for (const [id, seen] of this.#known) this.#known.set(id, { ...seen, lastStep: '' });
    for (const line of this.#journal.next()) {
      if ('got' in line) {
        const place = this.#places.get(line.got ?? '');
        if (place !== undefined) newest.set(place.grant, { index: place.index, t: line.t });
        continue;
      }
      if (!('step' in line)) continue;
      const { id, step, t } = line;
      const answer = newest.get(ids.get(id) ?? '');
      const seen = this.#known.get(id) ?? { committed: 0, arrived: 0, lastStep: '' };
      this.#known.set(id, seen);
      seen.lastStep = step;
      if (step !== 'S7') continue;
      this.#rotations += 1;
      if (answer === undefined) continue;
      seen.committed = answer.index;
      this.#longestMs = Math.max(this.#longestMs, t - answer.t);
    }
    for (const [id, grant] of ids) {
      const seen = this.#known.get(id);
      const answer = newest.get(grant);
      if (seen !== undefined && answer !== undefined) seen.arrived = Math.max(seen.arrived, answer.index);
    }
  }
}

/** The lines that a file of JSON lines has grown by. */
class Tail<T> {
  readonly #path: string;
  #at = 0;

  constructor(path: string) {
    this.#path = path;
  }

  next(): T[] {
    if (!existsSync(this.#path)) return [];
    const file = openSync(this.#path, 'r');
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#at);
      readSync(file, bytes, 0, bytes.length, this.#at);
      const end = bytes.lastIndexOf(10) + 1;
      this.#at += end;
      return bytes
        .toString('utf8', 0, end)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    } finally {
      closeSync(file);
    }
  }
}
