// Opens a vault that some host left behind and reads what it holds; as a program it prints it, for a look by a process
// that had nothing to do with it: `node vault-rows.ts KEY_FILE` reads paths, a line each, and prints a JSON line for each.
import { spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
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
  const vault = openVault({
    path,
    random: systemRandom,
    clock: systemClock,
    keychain: new MemoryKeychain(),
    log,
  });
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

/** The same by a fresh process, for any number of vaults; the reason for one that does not open. */
export function readVaultsElsewhere(
  paths: readonly string[],
  keyFile: string,
): (VaultRows | { readonly error: string })[] {
  const program = fileURLToPath(import.meta.url);
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, keyFile], {
    input: paths.join('\n'),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

if (import.meta.main) {
  const [keyFile = ''] = process.argv.slice(2);
  for (const path of (await text(process.stdin)).split('\n')) {
    const found = await readVaultRows(path, keyFile).catch((error: unknown) => ({ error: String(error) }));
    process.stdout.write(`${JSON.stringify(found)}\n`);
  }
}
