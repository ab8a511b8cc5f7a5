// A program on the message bus that takes the place of the password dialog and never answers, like a dialog that nobody
// sees.
import { ownName } from './bus-service.ts';

/** Owns the dialog's name on the bus at `address` (`unix:path=…`) until the returned function is called. */
export async function holdPrompts(address: string): Promise<() => void> {
  const dialog = await ownName(address, 'org.gnome.keyring.SystemPrompter', () => undefined);
  return () => void dialog.close();
}
