// Another name for the account of a connection. Scripts use the name, so it can be taken back at once.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId } from 'react';
import type { ConnectionJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { problemAt, sentenceOf } from '../../problem.ts';
import { keepConnection } from '../../queries.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import { notify } from '../../ui/toast.tsx';

export interface RenameDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly connection: ConnectionJson;
}

export function RenameDialog({ open, onClose, connection }: RenameDialogProps) {
  const form = useId();
  const { id, provider, account } = connection;
  const rename = useMutation({
    mutationFn: (to: string) => api.rename(id, to),
    onSuccess: (changed) => {
      keepConnection(changed);
      onClose();
      notify({
        title: `Renamed to ${changed.name}.`,
        action: { label: 'Undo', run: () => void undo(id, account) },
      });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    rename.mutate(String(new FormData(event.currentTarget).get('account') ?? '').trim());
  };
  return (
    <Dialog
      open={open}
      onClose={() => {
        rename.reset();
        onClose();
      }}
      title={`Rename ${connection.name}`}
      description="Scripts that use the old name must follow."
      footer={
        <>
          <Button variant="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" type="submit" form={form} busy={rename.isPending}>
            Rename
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit}>
        <Field
          label="Account"
          hint={`The name becomes ${provider}/account.`}
          error={
            rename.error === null
              ? undefined
              : (problemAt(rename.error, 'account') ?? sentenceOf(rename.error))
          }
        >
          {(control) => (
            <TextInput {...control} name="account" defaultValue={account} required maxLength={64} />
          )}
        </Field>
      </form>
    </Dialog>
  );
}

async function undo(id: string, account: string): Promise<void> {
  try {
    const changed = await api.rename(id, account);
    keepConnection(changed);
    notify({ title: `It is called ${changed.name} again.` });
  } catch (error) {
    notify({ title: sentenceOf(error), tone: 'bad' });
  }
}
