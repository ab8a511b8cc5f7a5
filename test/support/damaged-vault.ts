// Damages a vault as a bad disk would: one page of it is rubbish, and everything that matters can be saved.
import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const PAGE = 4_096;

/** Of a vault that nobody has open. Returns the file as it is now. */
export function damageVault(path: string): Uint8Array {
  const database = new DatabaseSync(path);
  const { page } = database.prepare("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'audit'").get()!;
  database.close();
  const broken = readFileSync(path);
  broken.fill(0xa5, (Number(page) - 1) * PAGE, Number(page) * PAGE);
  writeFileSync(path, broken);
  return broken;
}
