// A way to open the vault, in words.
import type { SlotJson } from '../../api/wire.ts';

export function slotName({ kind }: Pick<SlotJson, 'kind'>): string {
  switch (kind) {
    case 'keychain':
      return 'Keychain of this machine';
    case 'passphrase':
      return 'Passphrase';
    case 'file':
      return 'Key file';
  }
}

/** Where it is, with a comma after it; empty for a passphrase, which is in somebody's head. */
export function slotPlace({ backend, path }: SlotJson): string {
  const place = path ?? backend;
  return place === undefined ? '' : `${place}, `;
}
