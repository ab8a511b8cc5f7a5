// The client secret: written, never read. It lives in its input and nowhere else; the input is emptied when it is sent,
// and gets it back only when the host refuses, so that nobody has to find it twice.
import { type RefObject, useState } from 'react';
import { FIELD_LABELS } from '../../text/provider-words.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import styles from './form.module.css';

export interface SecretFieldProps {
  readonly input: RefObject<HTMLInputElement | null>;
  /** `kept`: the host holds one. `lost`: it holds one that is not taken along to another token endpoint. */
  readonly state: 'none' | 'kept' | 'lost';
  readonly error: string | undefined;
}

const HINTS: Readonly<Record<SecretFieldProps['state'], string>> = {
  none: 'Only for a client that has one. It is sealed in the vault and never shown again.',
  kept: 'The old one is replaced when you save. Leave it empty to keep the old one.',
  lost: 'A secret is not carried to another token endpoint. Enter it again, or it is removed when you save.',
};

export function SecretField({ input, state, error }: SecretFieldProps) {
  const [replacing, setReplacing] = useState(false);
  if (state === 'kept' && !replacing && error === undefined) {
    return (
      <FieldGroup label={FIELD_LABELS.client_secret}>
        <div className={styles.keptRow}>
          <span>Set. It cannot be shown.</span>
          <Button variant="quiet" onClick={() => setReplacing(true)}>
            Replace
          </Button>
        </div>
      </FieldGroup>
    );
  }
  return (
    <Field label={FIELD_LABELS.client_secret} optional hint={HINTS[state]} error={error}>
      {(control) => <TextInput {...control} ref={input} type="password" mono autoFocus={replacing} />}
    </Field>
  );
}

/** Sends with what was typed, if anything was. */
export async function withSecret<Answer>(
  { current: input }: RefObject<HTMLInputElement | null>,
  send: (fields: { readonly client_secret?: string }) => Promise<Answer>,
): Promise<Answer> {
  const typed = input?.value.trim() ?? '';
  if (input === null || typed === '') return send({});
  input.value = '';
  try {
    return await send({ client_secret: typed });
  } catch (error) {
    if (input.isConnected) input.value = typed;
    throw error;
  }
}
