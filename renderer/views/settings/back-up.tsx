// Copies the vault, sealed, into a file on the host's machine.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { api } from '../../api.ts';
import { problemAt, sentenceOf } from '../../problem.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import { notify } from '../../ui/toast.tsx';

export function BackUp({ onClose }: { readonly onClose: () => void }) {
  const form = useId();
  const [path, setPath] = useState('');
  const copy = useMutation({
    mutationFn: () => api.backUp(path.trim()),
    onSuccess: (made) => {
      notify({ title: `Backed up to ${made.path}.` });
      onClose();
    },
    onError: (error) => {
      if (problemAt(error, 'path') === undefined) notify({ title: sentenceOf(error), tone: 'bad' });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (path.trim() !== '' && !copy.isPending) copy.mutate();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title="Back the vault up"
      footer={
        <>
          <Button variant="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" type="submit" form={form} busy={copy.isPending}>
            Back up
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit}>
        <Field
          label="Path of the new file"
          hint="On the machine of the host, outside the folder of Tokentray. The copy stays sealed: what opens the vault opens it."
          error={problemAt(copy.error, 'path')}
        >
          {(control) => (
            <TextInput
              {...control}
              required
              mono
              placeholder="/media/stick/tokentray.backup"
              value={path}
              onChange={(event) => setPath(event.target.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
