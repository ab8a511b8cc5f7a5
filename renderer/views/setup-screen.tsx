// The first start: what will open the vault. A passphrase is the default, because it depends on nothing else.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { api, type SlotRequest } from '../api.ts';
import { vaultChanged } from '../event-effects.ts';
import { problemAt, sentenceOf } from '../problem.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { Field } from '../ui/field.tsx';
import { TextInput } from '../ui/text-input.tsx';
import styles from './lock-screen.module.css';
import { Screen } from './screen.tsx';

type Kind = SlotRequest['kind'];

const KINDS: readonly { readonly kind: Kind; readonly label: string; readonly hint: string }[] = [
  {
    kind: 'passphrase',
    label: 'A passphrase, recommended',
    hint: 'You type it after every start. Nobody can recover it.',
  },
  {
    kind: 'keychain',
    label: 'The keychain of this machine',
    hint: 'Opens by itself when you sign in to the machine.',
  },
  {
    kind: 'file',
    label: 'A key file',
    hint: 'For servers: opens by itself when the file is there.',
  },
];

/** As the host asks for. */
const PASSPHRASE_CHARS = 8;

export function SetupScreen() {
  const [kind, setKind] = useState<Kind>('passphrase');
  const [mismatch, setMismatch] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  const setUp = useMutation({
    // Read here and not given as a variable, which the cache of mutations would keep.
    mutationFn: () => api.addSlot(slotOf(kind, new FormData(form.current ?? undefined))),
    onSuccess: () => vaultChanged('open'),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const same = kind !== 'passphrase' || data.get('passphrase') === data.get('again');
    setMismatch(same ? undefined : 'The two passphrases differ. Type the same one twice.');
    if (same && !setUp.isPending) setUp.mutate();
  };
  const atField = problemAt(setUp.error, kind === 'file' ? 'path' : 'passphrase');
  return (
    <Screen title="Set up Tokentray">
      <p>
        Tokentray keeps your OAuth tokens sealed in a vault on this machine and hands out fresh ones. Choose
        what opens the vault.
      </p>
      <form ref={form} className={styles.form} onSubmit={submit}>
        <fieldset className={styles.choices}>
          <legend>The vault opens with</legend>
          {KINDS.map((one) => (
            <Checkbox
              key={one.kind}
              type="radio"
              name="kind"
              label={one.label}
              hint={one.hint}
              checked={kind === one.kind}
              onChange={() => {
                setKind(one.kind);
                setMismatch(undefined);
                setUp.reset();
              }}
            />
          ))}
        </fieldset>
        {kind === 'passphrase' && <PassphraseFields error={atField} mismatch={mismatch} />}
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
        {setUp.error !== null && atField === undefined && (
          <p className={styles.error} role="alert">
            {sentenceOf(setUp.error)}
          </p>
        )}
        <Button variant="primary" type="submit" busy={setUp.isPending}>
          {setUp.isPending ? 'Setting up' : 'Set up the vault'}
        </Button>
      </form>
    </Screen>
  );
}

interface PassphraseFieldsProps {
  readonly error: string | undefined;
  readonly mismatch: string | undefined;
}

function PassphraseFields({ error, mismatch }: PassphraseFieldsProps) {
  const shared = {
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
        {(control) => <TextInput {...control} {...shared} name="passphrase" />}
      </Field>
      <Field label="The same again" error={mismatch}>
        {(control) => <TextInput {...control} {...shared} name="again" />}
      </Field>
    </>
  );
}

function slotOf(kind: Kind, data: FormData): SlotRequest {
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
