// The field that asks again who sits there: for the passphrase, or for a fresh link where the vault has none.
import { useQuery } from '@tanstack/react-query';
import { queries } from '../../queries.ts';
import { Field } from '../../ui/field.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import type { Proof } from './proof.ts';

const WHY = 'You opened this window a while ago. Confirm that it is you.';

export function ProofField({ proof: { wanted, input, mistake } }: { readonly proof: Proof }) {
  const { data: slots } = useQuery({ ...queries.slots, enabled: wanted });
  if (!wanted || slots === undefined) return null;
  const passphrase = slots.some(({ kind }) => kind === 'passphrase');
  return passphrase ? (
    <Field label="Passphrase of the vault" hint={WHY} error={mistake}>
      {(control) => (
        <TextInput {...control} ref={input} type="password" autoComplete="current-password" autoFocus />
      )}
    </Field>
  ) : (
    <Field
      label="A new link to this window"
      hint={
        <>
          {WHY} Run <code>tokentray open --no-open</code> and paste what it prints.
        </>
      }
      error={mistake}
    >
      {(control) => <TextInput {...control} ref={input} mono autoFocus />}
    </Field>
  );
}
