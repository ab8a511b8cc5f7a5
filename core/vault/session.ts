// The vault as the engine lives with it: not there yet (`setup`), `locked` or `open`. The only place that makes a vault,
// and it does so only where no file is.
import type { VaultState } from '../engine.ts';
import { TokentrayError } from '../errors.ts';
import { look } from './file-safety.ts';
import { vaultLocked } from './locked.ts';
import { type Review, reviewSentence } from './review.ts';
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
}

export class VaultSession {
  readonly #options: VaultOptions;
  readonly #hooks: SessionHooks;
  #vault: Vault | undefined;
  #settingUp = false;
  #announced = false;
  #locking: Promise<void> | undefined;

  /** Opens an existing file, locked. Throws `vault_damaged`, `vault_newer`, `unsafe_path` or `storage`. */
  constructor(options: VaultOptions, hooks: SessionHooks) {
    this.#options = options;
    this.#hooks = hooks;
    // A dangling link is something, too: opening it says what is wrong.
    if (look(options.path) === undefined) return;
    this.#vault = openVault(options);
    hooks.onFile(this.#vault);
  }

  state(): VaultState {
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
    return [...(unwritable ? [unwritable.message] : []), ...(review ? [reviewSentence(review)] : [])];
  }

  /** The open vault. Throws `setup` or `locked`, each with what to do. */
  open(): Vault {
    if (this.#vault === undefined) throw setupNeeded();
    if (this.state() === 'open') return this.#vault;
    throw vaultLocked();
  }

  async addSlot(credential: SlotCredential): Promise<SlotView> {
    if (this.#vault !== undefined) return this.open().addSlot(credential);
    if (this.#settingUp)
      throw new TokentrayError('conflict', 'The vault is being set up already. Wait for it to finish.');
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

  async unlock(credential?: SlotCredential): Promise<void> {
    if (this.#vault === undefined) throw setupNeeded();
    await this.#locking;
    if (this.#announced) return;
    await this.#vault.unlock(credential);
    this.#announce(this.#vault);
  }

  /** Refuses new work at once, lets what is under way finish, then forgets the key. Throws what `beforeLock` throws. */
  lock(): Promise<void> {
    const vault = this.#vault;
    if (vault === undefined) return Promise.reject(setupNeeded());
    this.#locking ??= this.#lock(vault).finally(() => {
      this.#locking = undefined;
    });
    return this.#locking;
  }

  async #lock(vault: Vault): Promise<void> {
    if (this.#announced) await this.#hooks.beforeLock();
    // Also ends every try to unlock that is under way.
    vault.lock();
    if (!this.#announced) return;
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
    this.#announced = false;
    this.#vault?.close();
    this.#vault = undefined;
  }
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
