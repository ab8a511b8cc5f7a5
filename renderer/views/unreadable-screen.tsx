// A vault that cannot be read: what is wrong, and the two things that can be done without the command line.
import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { StatusJson, WireTypes } from '../../api/wire.ts';
import { api } from '../api.ts';
import { catchUp, vaultChanged } from '../event-effects.ts';
import { HostProblem, sentenceOf } from '../problem.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { notify } from '../ui/toast.tsx';
import styles from './lock-screen.module.css';
import { Screen } from './screen.tsx';

export function UnreadableScreen({ status }: { readonly status: StatusJson }) {
  const retry = useMutation({
    mutationFn: () => api.unlock(),
    onSuccess: ({ state }) => vaultChanged(state),
    onError: () => catchUp(),
  });
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(false);
  const repair = useMutation({
    // Read here and not given as a variable, which the cache of mutations would keep.
    mutationFn: () => api.repair(typed ? { passphrase: input.current?.value ?? '' } : undefined),
    onError: (error) => {
      if (wantsPassphrase(error)) setTyped(true);
      else input.current?.focus();
    },
    onSettled: () => {
      if (input.current !== null) input.current.value = '';
    },
    onSuccess: (report) => {
      notify({ title: 'The vault was repaired', detail: repaired(report) });
      catchUp();
    },
  });
  const failed = repair.error === null || wantsPassphrase(repair.error) ? undefined : repair.error;
  const busy = retry.isPending || repair.isPending;
  return (
    <Screen title="The vault cannot be read">
      {status.warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
      <p>A repair saves everything that can still be opened into a new file and keeps the old one.</p>
      <div className={styles.ways}>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) repair.mutate();
          }}
        >
          {typed && (
            <Field
              label="Passphrase"
              hint="The vault opens with it, and with nothing else that is here."
              error={failed === undefined ? undefined : sentenceOf(failed)}
            >
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
          )}
          <Button variant="primary" type="submit" busy={repair.isPending} disabled={busy}>
            Repair
          </Button>
        </form>
        <Button variant="plain" busy={retry.isPending} disabled={busy} onClick={() => retry.mutate()}>
          Try to read it again
        </Button>
        {[typed ? undefined : failed, retry.error ?? undefined].map(
          (error) =>
            error !== undefined && (
              <p key={error.message} className={styles.error} role="alert">
                {sentenceOf(error)}
              </p>
            ),
        )}
      </div>
    </Screen>
  );
}

/** Nothing that needs nobody opens it, and a passphrase does. */
function wantsPassphrase(error: unknown): boolean {
  return error instanceof HostProblem && error.action?.command === 'tokentray unlock';
}

function repaired({ saved, lost }: WireTypes['Repair']): string {
  const kept = `${saved.connections} connections and ${saved.providers} providers were saved.`;
  if (lost.length === 0) return kept;
  return `${kept} Lost: ${lost.map(({ name }) => name).join(', ')}.`;
}
