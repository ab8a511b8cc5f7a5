// Where the key of the vault comes from when nobody is asked: TOKENTRAY_KEY_SOURCE, or the keychain. Nothing falls back
// silently: what does not work is a standing sentence, and the doors answer `setup` or `locked`.
import type { Engine } from '../core/engine.ts';
import { TokentrayError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Ports } from '../core/ports.ts';
import { readPrivateFile } from '../core/vault/file-safety.ts';
import type { SlotCredential } from '../core/vault/slots.ts';

// A passphrase is a line; a larger file is another file.
const PASSPHRASE_FILE_BYTES = 4_096;

/** What the environment asks for; undefined when it says nothing. Throws `invalid_field` naming the variable. */
export function keySourceOf(env: NodeJS.ProcessEnv): (() => SlotCredential) | undefined {
  const wanted = env.TOKENTRAY_KEY_SOURCE;
  if (wanted === undefined) return undefined;
  switch (wanted) {
    case 'keychain':
      return () => ({ kind: 'keychain' });
    case 'passphrase': {
      const path = required(env, 'TOKENTRAY_PASSPHRASE_FILE', wanted);
      return () => ({ kind: 'passphrase', passphrase: readPassphrase(path) });
    }
    case 'file': {
      const path = required(env, 'TOKENTRAY_KEY_FILE', wanted);
      return () => ({ kind: 'file', path });
    }
    default:
      throw new TokentrayError(
        'invalid_field',
        'TOKENTRAY_KEY_SOURCE must be keychain, passphrase or file.',
        { field: 'TOKENTRAY_KEY_SOURCE' },
      );
  }
}

/** What `openUnattended` needs, and what says when to stop trying. */
export interface Unattended {
  readonly engine: Engine;
  readonly credentialOf: (() => SlotCredential) | undefined;
  readonly ports: Pick<Ports, 'clock' | 'keychain' | 'log'>;
  readonly stopping: AbortSignal;
}

/**
 * Sets up or unlocks as far as that is possible without a person. Answers the sentence that says why it was not, or
 * undefined when the vault is open. A vault that is there and whose key is not yet is tried again (promise 76).
 */
export async function openUnattended(world: Unattended): Promise<string | undefined> {
  const { engine, credentialOf } = world;
  // Said by the vault itself; a disk that does not answer is asked again by whoever unlocks.
  if (engine.state() === 'unreadable') return undefined;
  try {
    if (engine.state() === 'setup') await engine.vault.addSlot(credentialOf?.() ?? { kind: 'keychain' });
    else await engine.vault.unlock(credentialOf?.());
    return undefined;
  } catch (error) {
    const failure = known(error);
    world.ports.log.warn('vault_not_open', { vault: engine.state(), code: failure.code });
    if (engine.state() === 'locked')
      keepTrying(world, failure).catch((unexpected: unknown) =>
        world.ports.log.error('self_unlock_failed', {
          error: unexpected instanceof Error ? unexpected.name : 'unknown',
        }),
      );
    return failure.message;
  }
}

/** Until it opens, somebody locks or unlocks it, the host stops, or it has been tried often enough. Makes nothing. */
async function keepTrying({ engine, credentialOf, ports, stopping }: Unattended, first: TokentrayError) {
  const acted = new AbortController();
  const { unsubscribe } = engine.subscribe(({ event }) => {
    if (event.type === 'vault') acted.abort();
  });
  const ended = AbortSignal.any([acted.signal, stopping]);
  let failure = first;
  let pause: number = LIMITS.selfUnlockFirstMs;
  try {
    for (let tries = 0; tries < LIMITS.selfUnlockTries && (await mayTry()); tries += 1) {
      try {
        await engine.vault.unlock(credentialOf?.());
        return;
      } catch (error) {
        failure = known(error);
      }
    }
  } finally {
    unsubscribe();
  }

  /** A dialog that somebody dismissed is not opened again; one that nobody has answered yet may still be. */
  async function mayTry(): Promise<boolean> {
    const late = failure.code === 'keychain_locked' ? ports.keychain.late?.() : undefined;
    if (late !== undefined) return (await unless(ended, late)) === true;
    if (failure.code !== 'key_absent' && failure.code !== 'keychain_unreachable') return false;
    const waited = Promise.withResolvers<true>();
    const cancel = ports.clock.timer(pause, () => waited.resolve(true));
    pause = Math.min(pause * 2, LIMITS.selfUnlockLongestMs);
    const may = await unless(ended, waited.promise);
    cancel();
    return may === true;
  }
}

/** What `promise` gives, or undefined when `signal` is aborted first. */
function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    promise.then(resolve, reject);
  });
}

function known(error: unknown): TokentrayError {
  if (error instanceof TokentrayError) return error;
  throw error;
}

function required(env: NodeJS.ProcessEnv, variable: string, wanted: string): string {
  const value = env[variable];
  if (value) return value;
  throw new TokentrayError(
    'invalid_field',
    `${variable} is not set. TOKENTRAY_KEY_SOURCE=${wanted} needs it.`,
    { field: variable },
  );
}

function readPassphrase(path: string): string {
  const text = readPrivateFile(path, PASSPHRASE_FILE_BYTES);
  if (text === undefined)
    throw new TokentrayError(
      'key_absent',
      `The passphrase file ${path} does not exist. Check TOKENTRAY_PASSPHRASE_FILE.`,
    );
  return text.replace(/\r?\n$/, '');
}
