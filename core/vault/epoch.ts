// The epoch in the keychain: the number of the last start, beside the key. An older copy of the vault that is put back
// has a smaller one. Passphrases and key files have no memory, so for them there is no such check (decision 9).
// What must stay true: a keychain that cannot be read or written never keeps a vault from opening.
import { TokentrayError } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { forgetInKeychain, type KeyPorts, readFromKeychain, storeInKeychain } from './key-sources.ts';

/** An unsigned 64-bit number. An item of its own: the one with the key is not written without need. */
const BYTES = 8;

type EpochPorts = KeyPorts & Pick<Ports, 'log'>;

const itemOf = (vaultId: string): string => `${vaultId}.epoch`;

/** Undefined when the keychain does not have it or does not say. */
export async function readEpoch(ports: EpochPorts, vaultId: string): Promise<number | undefined> {
  return orLogged(ports, vaultId, async () => {
    const answer = await readFromKeychain(ports, itemOf(vaultId));
    if (answer?.length !== BYTES) return undefined;
    const epoch = Number(Buffer.from(answer).readBigUInt64BE());
    return Number.isSafeInteger(epoch) ? epoch : undefined;
  });
}

export async function writeEpoch(ports: EpochPorts, vaultId: string, epoch: number): Promise<void> {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeBigUInt64BE(BigInt(epoch));
  await orLogged(ports, vaultId, () => storeInKeychain(ports, itemOf(vaultId), [bytes]));
}

export function forgetEpoch(ports: EpochPorts, vaultId: string): Promise<void> {
  return forgetInKeychain(ports, itemOf(vaultId));
}

async function orLogged<T>({ log }: EpochPorts, vaultId: string, work: () => Promise<T>) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TokentrayError)) throw error;
    log.warn('vault.epoch_not_kept', { vault: vaultId, code: error.code });
    return undefined;
  }
}
