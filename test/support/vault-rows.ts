// Opens a vault that some host left behind and reads what it holds; as a program it prints it, for a look by a process
// that had nothing to do with it: `node vault-rows.ts KEY_FILE VAULT…` prints one JSON line per vault.
import { type ConnectionRow, Connections } from '../../core/connections.ts';
import { openVault } from '../../core/vault/vault.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { createRecordingLog } from './recording-log.ts';
import { MemoryKeychain } from './vault-keychain.ts';

export interface VaultRows {
  /** SQLite finds no damage in it. */
  readonly sound: boolean;
  /** Ids of rows that do not open. */
  readonly damaged: readonly string[];
  readonly rows: readonly ConnectionRow[];
}

/** Throws what opening throws. Leaves the vault as a host that started and ended would. */
export async function readVaultRows(path: string, keyFile: string): Promise<VaultRows> {
  const log = createRecordingLog();
  const vault = openVault({ path, random: systemRandom, clock: systemClock, keychain: new MemoryKeychain(), log });
  try {
    await vault.unlock({ kind: 'file', path: keyFile });
    const connections = new Connections(log, systemRandom);
    connections.load(vault);
    const rows = connections.all().map(({ id }) => connections.row(id));
    return { sound: vault.isSound(), damaged: [...connections.damaged().keys()], rows };
  } finally {
    vault.close();
  }
}

if (import.meta.main) {
  const [keyFile = '', ...vaults] = process.argv.slice(2);
  for (const path of vaults) process.stdout.write(`${JSON.stringify(await readVaultRows(path, keyFile))}\n`);
}
