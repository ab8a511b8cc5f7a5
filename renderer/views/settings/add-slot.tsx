// Adds a way to open the vault.
import { useId } from 'react';
import { queries, queryClient } from '../../queries.ts';
import { slotName } from '../../text/slot-words.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { notify } from '../../ui/toast.tsx';
import { useNewSlot } from '../new-slot/new-slot.ts';
import { NewSlotForm } from '../new-slot/new-slot-form.tsx';

export function AddSlot({ onClose }: { readonly onClose: () => void }) {
  const form = useId();
  const slot = useNewSlot((added) => {
    void queryClient.invalidateQueries(queries.slots);
    notify({ title: `${slotName(added)} opens the vault from now on.` });
    onClose();
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title="Add a way to open the vault"
      footer={
        <>
          <Button variant="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" type="submit" form={form} busy={slot.busy}>
            Add
          </Button>
        </>
      }
    >
      <NewSlotForm id={form} slot={slot} legend="The vault also opens with" />
    </Dialog>
  );
}
