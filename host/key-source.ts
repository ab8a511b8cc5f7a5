// Where the key of the vault comes from when nobody is asked: TOKENTRAY_KEY_SOURCE, or the keychain. Nothing falls back
// silently: what does not work is a standing sentence, and the doors answer `setup` or `locked`.
import type { Engine } from '../core/engine.ts';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
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

/**
 * Sets up or unlocks as far as that is possible without a person. Answers the sentence that says why it was not, or
 * undefined when the vault is open.
 */
export async function openUnattended(
  engine: Engine,
  credentialOf: (() => SlotCredential) | undefined,
  log: LogPort,
): Promise<string | undefined> {
  // Said by the vault itself; a disk that does not answer is asked again by whoever unlocks.
  if (engine.state() === 'unreadable') return undefined;
  try {
    if (engine.state() === 'setup') await engine.vault.addSlot(credentialOf?.() ?? { kind: 'keychain' });
    else await engine.vault.unlock(credentialOf?.());
    return undefined;
  } catch (error) {
    if (!(error instanceof TokentrayError)) throw error;
    log.warn('vault_not_open', { vault: engine.state(), code: error.code });
    return error.message;
  }
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
