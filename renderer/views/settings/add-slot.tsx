// Adds a way to open the vault. A passphrase is read from its field when it is sent, and kept nowhere.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useRef, useState } from 'react';
import { api, type SlotRequest } from '../../api.ts';
import { problemAt, sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox } from '../../ui/checkbox.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import { notify } from '../../ui/toast.tsx';
import styles from './section.module.css';
import { slotName } from './slot-words.ts';

type Kind = SlotRequest['kind'];

const KINDS: readonly { readonly kind: Kind; readonly hint: string }[] = [
  { kind: 'passphrase', hint: 'You type it. Nobody can recover it.' },
  { kind: 'file', hint: 'Opens by itself while the file is there.' },
  { kind: 'keychain', hint: 'Opens by itself when you sign in to the machine.' },
];

/** As the host asks for. */
const PASSPHRASE_CHARS = 8;

export function AddSlot({ onClose }: { readonly onClose: () => void }) {
  const [kind, setKind] = useState<Kind>('passphrase');
  const [mismatch, setMismatch] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  const formId = useId();
  const add = useMutation({
    // Read here and not given as a variable, which the cache of mutations would keep.
    mutationFn: () => api.addSlot(requestOf(kind, new FormData(form.current ?? undefined))),
    onSuccess: (slot) => {
      void queryClient.invalidateQueries(queries.slots);
      notify({ title: `${slotName(slot)} opens the vault from now on.` });
      onClose();
    },
    onError: () => form.current?.querySelector<HTMLInputElement>('[name=passphrase], [name=path]')?.focus(),
    onSettled: () => {
      for (const input of form.current?.querySelectorAll<HTMLInputElement>('[type=password]') ?? [])
        input.value = '';
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const differ = kind === 'passphrase' && data.get('passphrase') !== data.get('again');
    setMismatch(differ ? 'The two passphrases differ. Type the same one twice.' : undefined);
    if (differ) event.currentTarget.querySelector<HTMLInputElement>('[name=again]')?.focus();
    else if (!add.isPending) add.mutate();
  };
  const atField = problemAt(add.error, kind === 'file' ? 'path' : 'passphrase');
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
          <Button variant="primary" type="submit" form={formId} busy={add.isPending}>
            Add
          </Button>
        </>
      }
    >
      <form ref={form} id={formId} className={styles.form} onSubmit={submit}>
        <FieldGroup label="The vault also opens with" quiet>
          <div className={styles.form}>
            {KINDS.map((one) => (
              <Checkbox
                key={one.kind}
                type="radio"
                name="kind"
                label={slotName(one)}
                hint={one.hint}
                checked={kind === one.kind}
                onChange={() => {
                  setKind(one.kind);
                  setMismatch(undefined);
                  add.reset();
                }}
              />
            ))}
          </div>
        </FieldGroup>
        {kind === 'passphrase' && <NewPassphrase error={atField} mismatch={mismatch} />}
        {kind === 'file' && (
          <Field
            label="Path of the key file"
            hint="It is made if it is not there. Keep it outside the folder of Tokentray."
            error={atField}
          >
            {(control) => (
              <TextInput {...control} name="path" required mono placeholder="/etc/tokentray/key" />
            )}
          </Field>
        )}
        {add.error !== null && atField === undefined && (
          <p className={styles.failure} role="alert">
            {sentenceOf(add.error)}
          </p>
        )}
      </form>
    </Dialog>
  );
}

interface NewPassphraseProps {
  readonly error: string | undefined;
  readonly mismatch: string | undefined;
}

function NewPassphrase({ error, mismatch }: NewPassphraseProps) {
  const each = {
    type: 'password',
    autoComplete: 'new-password',
    required: true,
    minLength: PASSPHRASE_CHARS,
  } as const;
  return (
    <>
      <Field
        label="Passphrase"
        hint={`At least ${PASSPHRASE_CHARS} characters; a few words are best.`}
        error={error}
      >
        {(control) => <TextInput {...control} {...each} name="passphrase" />}
      </Field>
      <Field label="The same again" error={mismatch}>
        {(control) => <TextInput {...control} {...each} name="again" />}
      </Field>
    </>
  );
}

function requestOf(kind: Kind, data: FormData): SlotRequest {
  const text = (name: string): string => String(data.get(name) ?? '');
  switch (kind) {
    case 'passphrase':
      return { kind, passphrase: text('passphrase') };
    case 'file':
      return { kind, path: text('path').trim() };
    case 'keychain':
      return { kind };
  }
}
