// A new key for the vault: everything is sealed again. Needs the passphrase of every passphrase slot, and keeps none.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useRef } from 'react';
import type { SlotJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { problemAt, sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { clockTime } from '../../text/times.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import { notify } from '../../ui/toast.tsx';
import styles from './section.module.css';

export interface RotateKeyProps {
  readonly slots: readonly SlotJson[];
  readonly onClose: () => void;
}

export function RotateKey({ slots, onClose }: RotateKeyProps) {
  const form = useRef<HTMLFormElement>(null);
  const formId = useId();
  const asked = slots.filter(({ kind }) => kind === 'passphrase');
  const rotate = useMutation({
    // Read here and not given as a variable, which the cache of mutations would keep.
    mutationFn: () => {
      const data = new FormData(form.current ?? undefined);
      return api.rotateVault(asked.map(({ id }) => String(data.get(id) ?? '')));
    },
    onSuccess: ({ slots: after }) => {
      queryClient.setQueryData(queries.slots.queryKey, after);
      notify({ title: 'The vault has a new key.' });
      onClose();
    },
    onSettled: () => form.current?.reset(),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!rotate.isPending) rotate.mutate();
  };
  const atField = asked.map(({ id }) => problemAt(rotate.error, id));
  const elsewhere = rotate.error !== null && atField.every((sentence) => sentence === undefined);
  return (
    <Dialog
      open
      onClose={onClose}
      title="Renew the key of the vault"
      description="Everything in the vault is sealed again under a new key. Do this when an old copy of the vault or a key may be in other hands. What opens the vault stays the same."
      footer={
        <>
          <Button variant="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" type="submit" form={formId} busy={rotate.isPending}>
            {rotate.isPending ? 'Renewing' : 'Renew'}
          </Button>
        </>
      }
    >
      <form ref={form} id={formId} className={styles.form} onSubmit={submit}>
        {asked.map((slot, place) => (
          <Field key={slot.id} label={labelOf(slot, asked.length)} error={wrongPassphrase(atField[place])}>
            {(control) => (
              <TextInput
                {...control}
                name={slot.id}
                type="password"
                autoComplete="current-password"
                required
              />
            )}
          </Field>
        ))}
        {elsewhere && (
          <p className={styles.failure} role="alert">
            {sentenceOf(rotate.error)}
          </p>
        )}
      </form>
    </Dialog>
  );
}

function labelOf(slot: SlotJson, count: number): string {
  if (count === 1) return 'Passphrase of the vault';
  return `Passphrase added ${clockTime(Date.parse(slot.created_at), Date.now())}`;
}

/** The host names the slot by its id, which nobody here has seen. */
function wrongPassphrase(sentence: string | undefined): string | undefined {
  return sentence === undefined ? undefined : 'This is not its passphrase. Type it again.';
}
