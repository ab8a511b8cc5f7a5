// Whether the vault's file is still the one that was opened (fault 22). What is written into a file that has lost its
// name is lost, and its log would be taken for that of the file that took the name.
import type { DatabaseSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { copyDatabase, datedName } from './copies.ts';
import { guarded } from './database.ts';
import { fileIdentity } from './file-safety.ts';

export class InPlace {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #ports: Pick<Ports, 'clock' | 'log'>;
  readonly #identity: string | undefined;
  #replaced: TokentrayError | undefined;
  #kept: string | undefined;

  constructor(path: string, database: DatabaseSync, ports: Pick<Ports, 'clock' | 'log'>) {
    this.#path = path;
    this.#database = database;
    this.#ports = ports;
    this.#identity = fileIdentity(path);
  }

  /** `vault_replaced` once it was noticed that the file is another one, or none. */
  get replaced(): TokentrayError | undefined {
    if (this.#replaced === undefined && fileIdentity(this.#path) !== this.#identity)
      this.#replaced = this.#keepAside();
    return this.#replaced;
  }

  /** The copy of what was held until the file was replaced; undefined when there is none. */
  get kept(): string | undefined {
    return this.#kept;
  }

  #keepAside(): TokentrayError {
    const kept = datedName(this.#path, 'kept', this.#ports.clock.wall());
    let sentence = `What Tokentray held until then is kept in ${kept}.`;
    try {
      copyDatabase(this.#database, kept);
      this.#kept = kept;
      // An empty log says nothing about the file that is there now.
      guarded(() => this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      this.#ports.log.error('vault.not_kept_aside', { kept, code: error.code });
      sentence = `What Tokentray held until then could not be copied to ${kept}; it is there only while this host runs.`;
    }
    this.#ports.log.error('vault.replaced', { kept });
    return new TokentrayError(
      'vault_replaced',
      `${this.#path} was replaced or removed while Tokentray was running, so nothing is written to it any more. ${sentence} Stop Tokentray, decide which of the two shall be the vault, and start it again.`,
    );
  }
}
