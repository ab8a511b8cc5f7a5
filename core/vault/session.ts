// The vault as the engine lives with it: not there yet (`setup`), `locked`, `open`, or there and `unreadable`. The only place that makes a vault,
// and it does so only where no file is.
import type { VaultState } from '../engine.ts';
import { TokentrayError } from '../errors.ts';
import { type BackupOptions, type BackupReport, backUpVault } from './backup.ts';
import type { CopyFacts } from './copy-check.ts';
import { refuseOrphan } from './creation.ts';
import { look } from './file-safety.ts';
import { vaultLocked } from './locked.ts';
import { stageBackup } from './restore.ts';
import { type Review, reviewSentence } from './review.ts';
import { type RepairReport, salvage } from './salvage.ts';
import type { SlotCredential, SlotView } from './slots.ts';
import { createVault, openVault, type Vault, type VaultOptions } from './vault.ts';

export interface SessionHooks {
  /** The file is there and its unsealed tables can be read. */
  readonly onFile: (vault: Vault) => void;
  /** The vault has been opened; everything sealed can be read. */
  readonly onOpen: (vault: Vault) => void;
  /** Before the key goes: end what needs it. */
  readonly beforeLock: () => Promise<void>;
  readonly onLocked: () => void;
  /** `beforeLock` threw: the vault, which was called locked meanwhile, is open as before. */
  readonly onStillOpen: () => void;
  /** Before the file goes: close every connection to it. */
  readonly onGone: () => void;
}

export class VaultSession {
  readonly #options: VaultOptions;
  readonly #hooks: SessionHooks;
  #vault: Vault | undefined;
  /** Why there is no vault to work with although there is a file, or was one. */
  #problem: TokentrayError | undefined;
  #settingUp = false;
  #announced = false;
  #locking: Promise<void> | undefined;
  readonly #copying = new Set<Promise<BackupReport>>();

  /** Opens an existing file, locked. One that cannot be read is a state. Throws `unsafe_path`. */
  constructor(options: VaultOptions, hooks: SessionHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#openFile();
  }

  state(): VaultState {
    if (this.#problem !== undefined) return 'unreadable';
    if (this.#vault === undefined) return 'setup';
    // From the first moment of a lock nothing new begins, although the key is still there for what must finish.
    return this.#announced && this.#locking === undefined ? 'open' : 'locked';
  }

  slots(): readonly SlotView[] {
    return this.#vault?.slots() ?? [];
  }

  review(): Review | undefined {
    return this.#vault?.review();
  }

  /** What a person should know of the vault as long as it is so. */
  warnings(): readonly string[] {
    const unwritable = this.#vault?.unwritable();
    const review = this.#vault?.review();
    return [
      ...(this.#problem ? [this.#problem.message] : []),
      ...(unwritable ? [unwritable.message] : []),
      ...(review ? [reviewSentence(review)] : []),
    ];
  }

  /** The open vault. Throws `setup`, `locked` or why it cannot be read, each with what to do. */
  open(): Vault {
    if (this.#problem !== undefined) throw this.#problem;
    if (this.#vault === undefined) throw setupNeeded();
    if (this.state() === 'open') return this.#vault;
    throw vaultLocked();
  }

  async addSlot(credential: SlotCredential): Promise<SlotView> {
    if (this.#vault !== undefined || this.#problem !== undefined) return this.open().addSlot(credential);
    if (this.#settingUp) throw beingSetUp();
    this.#settingUp = true;
    try {
      const vault = await createVault(this.#options, credential);
      this.#vault = vault;
      this.#hooks.onFile(vault);
      this.#announce(vault);
      return vault.slots()[0]!;
    } finally {
      this.#settingUp = false;
    }
  }

  /** A vault that could not be read is tried again first: the disk may be well by now. */
  async unlock(credential?: SlotCredential): Promise<void> {
    if (this.#problem !== undefined && this.#problem.code !== 'busy') this.#openFile();
    if (this.#problem !== undefined) throw this.#problem;
    if (this.#vault === undefined) throw setupNeeded();
    await this.#locking;
    if (this.#announced) return;
    const vault = this.#vault;
    await vault.unlock(credential);
    // A restore may have taken its place meanwhile: that one is locked.
    if (vault !== this.#vault) throw vaultLocked();
    this.#announce(vault);
  }

  /** Refuses new work at once, lets what is under way finish, then forgets the key. Throws what `beforeLock` throws. */
  lock(): Promise<void> {
    const vault = this.#vault;
    if (vault === undefined) return Promise.reject(this.#problem ?? setupNeeded());
    this.#locking ??= this.#lock(vault).finally(() => {
      this.#locking = undefined;
      if (this.#announced) this.#hooks.onStillOpen();
    });
    return this.#locking;
  }

  /** Saves what opens into a new file (salvage.ts) and unlocks that. Throws what `salvage` and `unlock` throw. */
  async repair(credential?: SlotCredential): Promise<RepairReport> {
    if (this.state() === 'setup') throw setupNeeded();
    const isSound = this.#vault?.isSound() === true;
    const report = await this.whileClosed(() => salvage(this.#options, credential, isSound));
    await this.unlock(credential);
    return report;
  }

  /** Copies the vault into a file, locked or open, while everything goes on. Throws `setup` and what `backUpVault` throws. */
  async backUp(wanted: Pick<BackupOptions, 'target' | 'overwrite' | 'onProgress'>): Promise<BackupReport> {
    if (this.#problem !== undefined) throw this.#problem;
    if (this.#vault === undefined) throw setupNeeded();
    const replaced = this.#vault.unwritable();
    if (replaced !== undefined) throw replaced;
    const copying = backUpVault({ ...wanted, path: this.#options.path });
    this.#copying.add(copying);
    try {
      return await copying;
    } finally {
      this.#copying.delete(copying);
    }
  }

  /**
   * Puts a backup in the place of the vault and opens it, locked. `agreed`: asked with the digest of the file once it was
   * judged; false from it changes nothing. Throws what `stageBackup` and `lock` throw.
   */
  async restore(
    file: string,
    agreed: (digest: string) => boolean,
  ): Promise<{ facts: CopyFacts; digest: string; restored: boolean; kept: string | null }> {
    const { facts, digest, takeOver, discard } = await stageBackup(file, this.#options);
    try {
      if (!agreed(digest)) return { facts, digest, restored: false, kept: null };
      const kept = await this.whileClosed(async () => takeOver());
      this.#options.log.warn('vault.restored', { vault: facts.vault_id, kept });
      return { facts, digest, restored: true, kept };
    } finally {
      discard();
    }
  }

  /** Locks and closes the vault, lets `work` change its files, and opens what is there then, locked. */
  async whileClosed<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseClosed();
    if (this.#vault !== undefined) await this.lock();
    // Another one may have begun during the lock.
    this.#refuseClosed();
    this.#problem = new TokentrayError(
      'busy',
      'The vault is being repaired or replaced. Try again in a moment.',
      {
        retryAfter: 2,
      },
    );
    try {
      // A backup reads the file on a connection of its own.
      await Promise.allSettled(this.#copying);
      this.#closeFile();
      return await work();
    } finally {
      this.#openFile();
    }
  }

  #refuseClosed(): void {
    if (this.#problem?.code === 'busy') throw this.#problem;
    if (this.#settingUp) throw beingSetUp();
  }

  #openFile(): void {
    const { path } = this.#options;
    this.#problem = undefined;
    try {
      // A dangling link is something, too: opening it says what is wrong.
      if (look(path) === undefined) refuseOrphan(path);
      else this.#vault = openVault(this.#options);
      if (this.#vault) this.#hooks.onFile(this.#vault);
    } catch (error) {
      if (!(error instanceof TokentrayError) || error.code === 'unsafe_path') throw error;
      this.#options.log.error('vault.unreadable', { code: error.code });
      this.#closeFile();
      this.#problem = withRepair(error);
    }
  }

  #closeFile(): void {
    if (this.#vault === undefined) return;
    this.#announced = false;
    this.#hooks.onGone();
    this.#vault.close();
    this.#vault = undefined;
  }

  async #lock(vault: Vault): Promise<void> {
    if (this.#announced) await this.#hooks.beforeLock();
    // Also ends every try to unlock that is under way.
    vault.lock();
    // Also said when it was locked before: nothing that waits for a key may open it now.
    this.#announced = false;
    this.#hooks.onLocked();
  }

  /** Two unlocks at once open the vault once. What cannot be read leaves it locked. */
  #announce(vault: Vault): void {
    if (this.#announced || !vault.unlocked) return;
    this.#announced = true;
    try {
      this.#hooks.onOpen(vault);
    } catch (error) {
      this.#announced = false;
      vault.lock();
      throw error;
    }
  }

  close(): void {
    this.#closeFile();
  }
}

/** Only damage can be repaired; a disk that does not answer is asked again by unlocking. */
function withRepair(error: TokentrayError): TokentrayError {
  const action =
    error.code === 'vault_damaged'
      ? { method: 'POST', url: '/v1/vault/repair', command: 'tokentray doctor --repair' }
      : { method: 'POST', url: '/v1/unlock', command: 'tokentray unlock' };
  return new TokentrayError(error.code, error.message, { ...error.details, action });
}

function beingSetUp(): TokentrayError {
  return new TokentrayError('conflict', 'The vault is being set up already. Wait for it to finish.');
}

function setupNeeded(): TokentrayError {
  return new TokentrayError(
    'setup',
    'Tokentray is not set up yet. Choose where the key of the vault is kept.',
    {
      action: { method: 'POST', url: '/v1/vault/slots', command: 'tokentray vault slots add' },
    },
  );
}
