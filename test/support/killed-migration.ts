// A process that migrates the vault of its first argument and kills itself before the statement that its second one
// names, counted from 0; the number of statements means right after the commit.
import { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS, migrate } from '../../core/vault/schema.ts';

const [path = '', at = ''] = process.argv.slice(2);
const database = new DatabaseSync(path);
database.function('die', () => {
  process.kill(process.pid, 'SIGKILL');
  return 0;
});
const [first = '', second = ''] = MIGRATIONS;
const parts = second.split(/(?<=;)/);
const death = 'SELECT die();';
const killed = [...parts.slice(0, Number(at)), death, ...parts.slice(Number(at))].join('');
migrate(database, [first, Number(at) === parts.length ? second : killed]);
process.kill(process.pid, 'SIGKILL');
