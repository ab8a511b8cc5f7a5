// Talk between the test process and the process of the main file, over the channel of a forked child. Both ends use this
// class. A name nobody answers to is an error at once: nothing is ignored.

interface Channel {
  send?(message: object): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

interface Message {
  readonly op?: string;
  readonly args?: unknown[];
  readonly ask?: number;
  readonly answer?: number;
  readonly value?: unknown;
  readonly error?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: what goes over the wire is known to the two functions at its ends.
type Answerer = (...args: any[]) => unknown;

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Wire {
  readonly #channel: Channel;
  readonly #answerers = new Map<string, Answerer>();
  readonly #asked = new Map<number, Asked>();
  #next = 0;
  #ended: string | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.on('message', (message) => void this.#receive(message as Message));
  }

  on(op: string, answerer: Answerer): void {
    if (this.#answerers.has(op)) throw new Error(`The wire has ${op} already.`);
    this.#answerers.set(op, answerer);
  }

  tell(op: string, ...args: unknown[]): void {
    this.#send({ op, args });
  }

  /** The answer of the other end, or what it threw. */
  ask(op: string, ...args: unknown[]): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(new Error(`${op}: ${this.#ended}`));
    const ask = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#asked.set(ask, { resolve, reject: (error) => reject(new Error(`${op}: ${error.message}`)) });
    this.#send({ op, args, ask });
    return promise;
  }

  /** The other end is gone: whoever waits for it hears why. */
  end(reason: string): void {
    this.#ended = reason;
    for (const { reject } of this.#asked.values()) reject(new Error(reason));
    this.#asked.clear();
  }

  #send(message: Message): void {
    if (this.#ended === undefined) this.#channel.send?.(message);
  }

  async #receive({ op, args = [], ask, answer, value, error }: Message): Promise<void> {
    if (answer !== undefined) {
      const asked = this.#asked.get(answer);
      this.#asked.delete(answer);
      if (error === undefined) asked?.resolve(value);
      else asked?.reject(new Error(error));
      return;
    }
    if (op === undefined) return;
    const answerer = this.#answerers.get(op);
    if (answerer === undefined && ask === undefined) throw new Error(`Nobody answers to ${op}.`);
    if (ask === undefined) return void (await answerer?.(...args));
    try {
      if (answerer === undefined) throw new Error('nobody answers to it');
      this.#send({ answer: ask, value: await answerer(...args) });
    } catch (failure) {
      this.#send({ answer: ask, error: failure instanceof Error ? failure.message : String(failure) });
    }
  }
}
