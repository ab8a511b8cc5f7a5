// A keychain in memory that gives every answer the real ones give, on demand. Counts what was written to it.
import type { KeychainAnswer, KeychainPort, KeychainWrite } from '../../core/ports.ts';

/** `hanging` never answers; `forgetful` says ok to a write and keeps nothing; `garbling` keeps other bytes. */
export type KeychainMood = 'ok' | 'locked' | 'denied' | 'unreachable' | 'hanging' | 'forgetful' | 'garbling';

export class MemoryKeychain implements KeychainPort {
  name = 'Test Keychain';
  mood: KeychainMood = 'ok';
  readonly #hung: (() => void)[] = [];
  #late: PromiseWithResolvers<boolean> | undefined;
  readonly items = new Map<string, Uint8Array>();
  /** Writes and removals that were asked for, whatever came of them. */
  changes = 0;
  /** Called before every write; a test throws here what a crash would. */
  beforeWrite: () => void = () => {};
  /** Called before every read; a test does here what happens meanwhile. */
  beforeRead: () => void = () => {};
  /** The next this many reads say `absent`, as some keychains do right after a login (promise 76). */
  blindReads = 0;

  /** What hung is answered as the mood is now. */
  answerLate(mood: KeychainMood): void {
    this.mood = mood;
    for (const answer of this.#hung.splice(0)) answer();
    this.#late?.resolve(mood === 'ok');
    this.#late = undefined;
  }

  late(): Promise<boolean> | undefined {
    return this.#late?.promise;
  }

  #waiting<T>(work: () => Promise<T>): Promise<T> {
    this.#late ??= Promise.withResolvers<boolean>();
    return new Promise((resolve, reject) => {
      this.#hung.push(() => work().then(resolve, reject));
    });
  }

  read(vaultId: string): Promise<KeychainAnswer> {
    this.beforeRead();
    if (this.mood === 'hanging') return this.#waiting(() => this.read(vaultId));
    if (this.mood === 'locked' || this.mood === 'denied' || this.mood === 'unreachable') {
      return Promise.resolve({ kind: this.mood });
    }
    const secret = this.items.get(vaultId);
    if (this.blindReads > 0) {
      this.blindReads -= 1;
      return Promise.resolve({ kind: 'absent' });
    }
    return Promise.resolve(secret ? { kind: 'ok', secret: Uint8Array.from(secret) } : { kind: 'absent' });
  }

  async write(vaultId: string, secret: Uint8Array): Promise<KeychainWrite> {
    this.changes += 1;
    this.beforeWrite();
    if (this.mood === 'hanging') return this.#waiting(() => this.write(vaultId, secret));
    if (this.mood === 'locked' || this.mood === 'denied' || this.mood === 'unreachable')
      return { kind: this.mood };
    const kept = Uint8Array.from(secret);
    if (this.mood === 'garbling') kept.reverse();
    if (this.mood !== 'forgetful') this.items.set(vaultId, kept);
    return { kind: 'ok' };
  }

  async remove(vaultId: string): Promise<KeychainWrite> {
    this.changes += 1;
    if (this.mood === 'locked' || this.mood === 'denied' || this.mood === 'unreachable')
      return { kind: this.mood };
    this.items.delete(vaultId);
    return { kind: 'ok' };
  }
}
