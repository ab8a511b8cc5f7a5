// The form itself: which way, and what that way needs. Whoever shows it brings the button.
import type { ReactNode } from 'react';
import { slotName } from '../../text/slot-words.ts';
import { Checkbox } from '../../ui/checkbox.tsx';
import { Field } from '../../ui/field.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import { ProofField } from '../proof/proof-field.tsx';
import type { NewSlot, SlotKind } from './new-slot.ts';
import styles from './new-slot-form.module.css';

const KINDS: readonly { readonly kind: SlotKind; readonly hint: string }[] = [
  { kind: 'passphrase', hint: 'You type it after every start. Nobody can recover it.' },
  { kind: 'keychain', hint: 'Opens by itself when you sign in to the machine.' },
  { kind: 'file', hint: 'For servers: opens by itself while the file is there.' },
];

/** As the host asks for. */
const PASSPHRASE_CHARS = 8;

export interface NewSlotFormProps {
  readonly id?: string;
  readonly slot: NewSlot;
  readonly legend: string;
  /** There is none yet: one of them is recommended. */
  readonly first?: boolean;
  /** The button, where it belongs to the form. */
  readonly children?: ReactNode;
}

export function NewSlotForm({ id, slot, legend, first = false, children }: NewSlotFormProps) {
  const { form, kind, atField, problem } = slot;
  return (
    <form ref={form} id={id} className={styles.form} onSubmit={slot.submit}>
      <fieldset className={styles.choices}>
        <legend>{legend}</legend>
        {KINDS.map((one) => (
          <Checkbox
            key={one.kind}
            type="radio"
            name="kind"
            label={`${slotName(one)}${first && one.kind === 'passphrase' ? ', recommended' : ''}`}
            hint={one.hint}
            checked={kind === one.kind}
            onChange={() => slot.choose(one.kind)}
          />
        ))}
      </fieldset>
      {kind === 'passphrase' && <PassphraseFields error={atField} mismatch={slot.mismatch} />}
      {kind === 'file' && (
        <Field
          label="Path of the key file"
          hint="It is made if it is not there. Keep it outside the folder of Tokentray."
          error={atField}
        >
          {(control) => <TextInput {...control} name="path" required mono placeholder="/etc/tokentray/key" />}
        </Field>
      )}
      <ProofField proof={slot.proof} />
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      {children}
    </form>
  );
}

interface PassphraseFieldsProps {
  readonly error: string | undefined;
  readonly mismatch: string | undefined;
}

function PassphraseFields({ error, mismatch }: PassphraseFieldsProps) {
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
