// Unlocks by passphrase. What is typed stays in its field, which is emptied after every try.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef } from 'react';
import { api } from '../api.ts';
import { vaultChanged } from '../event-effects.ts';
import { sentenceOf } from '../problem.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { TextInput } from '../ui/text-input.tsx';
import styles from './lock-screen.module.css';

export function PassphraseUnlock() {
  const input = useRef<HTMLInputElement>(null);
  const unlock = useMutation({
    // Read here and not given as a variable, which the cache of mutations would keep.
    mutationFn: () => api.unlock({ passphrase: input.current?.value ?? '' }),
    onSuccess: ({ state }) => vaultChanged(state),
    onError: () => input.current?.focus(),
    onSettled: () => {
      if (input.current !== null) input.current.value = '';
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!unlock.isPending) unlock.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label="Passphrase" error={unlock.error === null ? undefined : sentenceOf(unlock.error)}>
        {(control) => (
          <TextInput
            {...control}
            ref={input}
            type="password"
            autoComplete="current-password"
            required
            autoFocus
          />
        )}
      </Field>
      <Button variant="primary" type="submit" busy={unlock.isPending}>
        {unlock.isPending ? 'Unlocking' : 'Unlock'}
      </Button>
    </form>
  );
}
