// Asks the person at the terminal for what opens the vault: a passphrase, or a file that holds the key. The doors are
// open meanwhile and answer `setup` or `locked`; a command may settle it first, and then nobody is asked any more.
import type { Engine } from '../core/engine.ts';
import { TokentrayError } from '../core/errors.ts';
import type { SlotCredential } from '../core/vault/slots.ts';
import type { Output } from './output.ts';

/** True when the vault is open in the end. Ctrl-C at a prompt ends the host. */
export async function askForKey(
  engine: Engine,
  out: Output,
  ended: { resolve: () => void },
): Promise<boolean> {
  const settled = new AbortController();
  const { unsubscribe } = engine.subscribe(({ event }) => {
    if (event.type === 'vault' && event.state === 'open') settled.abort();
  });
  try {
    while (engine.state() !== 'open') {
      const credential =
        engine.state() === 'setup'
          ? await askForNew(settled.signal)
          : await askForKnown(engine, settled.signal);
      if (credential === undefined) {
        if (settled.signal.aborted) break;
        ended.resolve();
        return false;
      }
      try {
        if (engine.state() === 'setup') await engine.vault.addSlot(credential);
        else await engine.vault.unlock(credential);
      } catch (error) {
        if (!(error instanceof TokentrayError)) throw error;
        out.talk(error.message);
      }
    }
    return true;
  } finally {
    unsubscribe();
  }
}

async function askForNew(signal: AbortSignal): Promise<SlotCredential | undefined> {
  const { isCancel, select } = await import('@clack/prompts');
  const kind = await select({
    message: 'Where shall the key of the vault come from?',
    options: [
      { value: 'passphrase', label: 'A passphrase, asked for at each start' },
      { value: 'file', label: 'A key file, kept outside the data folder (for servers)' },
    ],
    output: process.stderr,
    signal,
  });
  if (isCancel(kind)) return undefined;
  if (kind === 'file') return askForPath('Path of the new key file (absolute)', signal);
  const first = await askHidden('Choose a passphrase', signal);
  if (first === undefined) return undefined;
  const second = await askHidden('The same passphrase again', signal, (value) =>
    value === first ? undefined : 'The two differ. Type the first one again.',
  );
  return second === undefined ? undefined : { kind: 'passphrase', passphrase: first };
}

async function askForKnown(engine: Engine, signal: AbortSignal): Promise<SlotCredential | undefined> {
  if (!engine.vault.slots().some((slot) => slot.kind === 'passphrase'))
    return askForPath('Path of the key file (absolute)', signal);
  const passphrase = await askHidden('Passphrase of the vault', signal);
  return passphrase === undefined ? undefined : { kind: 'passphrase', passphrase };
}

async function askHidden(
  message: string,
  signal: AbortSignal,
  validate?: (value: string | undefined) => string | undefined,
): Promise<string | undefined> {
  const { isCancel, password } = await import('@clack/prompts');
  // No mask: even the length stays private.
  const text = await password({
    message,
    mask: '',
    output: process.stderr,
    signal,
    ...(validate === undefined ? {} : { validate }),
  });
  return isCancel(text) ? undefined : text;
}

async function askForPath(message: string, signal: AbortSignal): Promise<SlotCredential | undefined> {
  const { isCancel, text } = await import('@clack/prompts');
  const path = await text({ message, output: process.stderr, signal });
  return isCancel(path) ? undefined : { kind: 'file', path };
}
