// Takes a way to open the vault away, asked for twice.
import { useMutation } from '@tanstack/react-query';
import type { SlotJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { slotName } from '../../text/slot-words.ts';
import { AlertDialog } from '../../ui/alert-dialog.tsx';
import { notify } from '../../ui/toast.tsx';
import { ProofMissing, useProof } from '../proof/proof.ts';
import { ProofField } from '../proof/proof-field.tsx';

const AFTER: Readonly<Record<SlotJson['kind'], string>> = {
  keychain: 'The keychain of this machine does not open the vault any more, and its entry there is deleted.',
  passphrase: 'This passphrase does not open the vault any more.',
  file: 'The key file does not open the vault any more. The file itself stays where it is.',
};

export interface RemoveSlotProps {
  readonly slot: SlotJson;
  readonly onClose: () => void;
}

export function RemoveSlot({ slot, onClose }: RemoveSlotProps) {
  const proof = useProof();
  const remove = useMutation({
    mutationFn: () => proof.before(() => api.removeSlot(slot.id)),
    onSuccess: () => {
      void queryClient.invalidateQueries(queries.slots);
      notify({ title: `${slotName(slot)} is removed.` });
      onClose();
    },
  });
  return (
    <AlertDialog
      open
      onClose={onClose}
      title={`Remove ${slotName(slot).toLowerCase()}?`}
      description={`${AFTER[slot.kind]} Be sure that you have another way to open it.`}
      confirm="Remove"
      onConfirm={() => remove.mutate()}
      busy={remove.isPending}
      error={
        remove.error === null || remove.error instanceof ProofMissing ? undefined : sentenceOf(remove.error)
      }
    >
      {proof.wanted && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!remove.isPending) remove.mutate();
          }}
        >
          <ProofField proof={proof} />
        </form>
      )}
    </AlertDialog>
  );
}
