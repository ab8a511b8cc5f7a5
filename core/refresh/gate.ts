// How many refreshes run at once: so many per provider and so many in all, so that one provider that hangs takes its own
// places and no others (promise 105). Who is waited for goes before who is not; among equals, first come first served
// within a provider, and the providers take turns.

interface GateLimits {
  readonly perKey: number;
  readonly inAll: number;
}

interface Place {
  readonly id: string;
  readonly enter: () => void;
}

/** Waiting by key; the key whose turn comes next is first. */
type Lines = Map<string, Place[]>;

export class Gate {
  readonly #limits: GateLimits;
  readonly #running = new Map<string, number>();
  readonly #urgent: Lines = new Map();
  readonly #calm: Lines = new Map();
  #inAll = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /** Runs `work` when there is room for `key`. `id` names it for `hurry`; `calm`: nobody waits for it. */
  async run<T>(key: string, id: string, work: () => Promise<T>, { calm = false } = {}): Promise<T> {
    await this.#enter(key, id, calm ? this.#calm : this.#urgent);
    try {
      return await work();
    } finally {
      this.#leave(key);
    }
  }

  /** True while it waits in a line. */
  isWaiting(key: string, id: string): boolean {
    return [this.#urgent, this.#calm].some((lines) => lines.get(key)?.some((place) => place.id === id));
  }

  /** Somebody waits for it now: if it is still in the line of the calm ones, it goes before them. */
  hurry(key: string, id: string): void {
    const line = this.#calm.get(key) ?? [];
    const place = line.find((each) => each.id === id);
    if (place === undefined) return;
    line.splice(line.indexOf(place), 1);
    if (line.length === 0) this.#calm.delete(key);
    append(this.#urgent, key, place);
  }

  #enter(key: string, id: string, lines: Lines): Promise<void> | undefined {
    // Nobody waits while there is room, so nobody is overtaken here.
    if (this.#hasRoom(key)) {
      this.#take(key);
      return undefined;
    }
    return new Promise((enter) => append(lines, key, { id, enter }));
  }

  #leave(key: string): void {
    const running = (this.#running.get(key) ?? 1) - 1;
    if (running === 0) this.#running.delete(key);
    else this.#running.set(key, running);
    this.#inAll -= 1;
    // Taken before it is entered, so that a newcomer does not slip in between.
    while (this.#inAll < this.#limits.inAll) {
      const next = this.#next(this.#urgent) ?? this.#next(this.#calm);
      if (next === undefined) return;
      this.#take(next.key);
      next.place.enter();
    }
  }

  #next(lines: Lines): { readonly key: string; readonly place: Place } | undefined {
    for (const [key, line] of lines) {
      if (!this.#hasRoom(key)) continue;
      const place = line.shift();
      lines.delete(key);
      if (line.length > 0) lines.set(key, line);
      if (place !== undefined) return { key, place };
    }
    return undefined;
  }

  #hasRoom(key: string): boolean {
    return this.#inAll < this.#limits.inAll && (this.#running.get(key) ?? 0) < this.#limits.perKey;
  }

  #take(key: string): void {
    this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
    this.#inAll += 1;
  }
}

function append(lines: Lines, key: string, place: Place): void {
  const line = lines.get(key);
  if (line === undefined) lines.set(key, [place]);
  else line.push(place);
}
