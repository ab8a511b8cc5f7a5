// One field of the form: its label, its text, and the sentence about it.
import type { ReactNode } from 'react';
import { FIELD_LABELS } from '../../text/provider-words.ts';
import { Field } from '../../ui/field.tsx';
import { type Option, Select } from '../../ui/select.tsx';
import { TextArea, TextInput } from '../../ui/text-input.tsx';
import type { Draft, DraftField } from './draft.ts';
import type { ProviderFormState } from './form.ts';

type TextField = Exclude<
  DraftField,
  'way' | 'token_endpoint_auth_method' | 'pkce' | 'redirect_host' | 'redirect_port'
>;

export interface DraftFieldProps {
  readonly form: ProviderFormState;
  readonly field: TextField;
  readonly hint?: ReactNode;
  readonly optional?: boolean;
  readonly placeholder?: string;
  /** Several lines. */
  readonly rows?: number;
}

export function DraftTextField({ form, field, hint, optional = false, placeholder, rows }: DraftFieldProps) {
  const own = { value: form.draft[field], placeholder, mono: field !== 'name' };
  return (
    <Field label={FIELD_LABELS[field]} hint={hint} optional={optional} error={form.mistakes[field]}>
      {(control) =>
        rows === undefined ? (
          <TextInput {...control} {...own} onChange={(event) => form.set(field, event.target.value)} />
        ) : (
          <TextArea
            {...control}
            {...own}
            rows={rows}
            onChange={(event) => form.set(field, event.target.value)}
          />
        )
      }
    </Field>
  );
}

type ChoiceField = 'token_endpoint_auth_method' | 'pkce' | 'redirect_host' | 'redirect_port';

export interface DraftChoiceProps<Name extends ChoiceField> {
  readonly form: ProviderFormState;
  readonly field: Name;
  readonly options: readonly Option<Draft[Name]>[];
  readonly hint?: ReactNode;
}

export function DraftChoice<Name extends ChoiceField>({
  form,
  field,
  options,
  hint,
}: DraftChoiceProps<Name>) {
  return (
    <Field label={FIELD_LABELS[field]} hint={hint} error={form.mistakes[field]}>
      {(control) => (
        <Select
          {...control}
          value={form.draft[field]}
          options={options}
          onChoose={(value) => form.set(field, value)}
        />
      )}
    </Field>
  );
}
