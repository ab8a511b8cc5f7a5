// The first start: what will open the vault. A passphrase is the default, because it depends on nothing else.
import { vaultChanged } from '../event-effects.ts';
import { navigate } from '../router.ts';
import { Button } from '../ui/button.tsx';
import { notify } from '../ui/toast.tsx';
import { useNewSlot } from './new-slot/new-slot.ts';
import { NewSlotForm } from './new-slot/new-slot-form.tsx';
import { Screen } from './screen.tsx';

export function SetupScreen() {
  const slot = useNewSlot(({ kind }) => {
    vaultChanged('open');
    // Of a keychain the window itself says it, for as long as it is so.
    if (kind === 'file') offerRecovery();
  });
  return (
    <Screen title="Set up Tokentray">
      <p>
        Tokentray keeps your OAuth tokens sealed in a vault on this machine and hands out fresh ones. Choose
        what opens the vault.
      </p>
      <NewSlotForm slot={slot} legend="The vault opens with" first>
        <Button variant="primary" type="submit" busy={slot.busy}>
          {slot.busy ? 'Setting up' : 'Set up the vault'}
        </Button>
      </NewSlotForm>
    </Screen>
  );
}

/** A key file can be lost with the machine; what a person knows cannot. */
function offerRecovery(): void {
  notify({
    title: 'Add a recovery passphrase',
    detail: 'Without a second way to open it, the vault is lost with its key.',
    action: { label: 'Add one', run: () => navigate('/settings') },
  });
}
