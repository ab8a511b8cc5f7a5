// A vault that cannot be read: what is wrong, and the two things that can be done without the command line.
import { useMutation } from '@tanstack/react-query';
import type { StatusJson, WireTypes } from '../../api/wire.ts';
import { api } from '../api.ts';
import { catchUp, vaultChanged } from '../event-effects.ts';
import { sentenceOf } from '../problem.ts';
import { Button } from '../ui/button.tsx';
import { notify } from '../ui/toast.tsx';
import styles from './lock-screen.module.css';
import { Screen } from './screen.tsx';

export function UnreadableScreen({ status }: { readonly status: StatusJson }) {
  const retry = useMutation({
    mutationFn: () => api.unlock(),
    onSuccess: ({ state }) => vaultChanged(state),
    onError: () => catchUp(),
  });
  const repair = useMutation({
    mutationFn: () => api.repair(),
    onSuccess: (report) => {
      notify({ title: 'The vault was repaired', detail: repaired(report) });
      catchUp();
    },
  });
  const busy = retry.isPending || repair.isPending;
  return (
    <Screen title="The vault cannot be read">
      {status.warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
      <p>
        A repair saves everything that can still be opened into a new file and keeps the old one. A vault with
        nothing but a passphrase is repaired on the command line: tokentray doctor --repair
      </p>
      <div className={styles.ways}>
        <Button variant="primary" busy={repair.isPending} disabled={busy} onClick={() => repair.mutate()}>
          Repair
        </Button>
        <Button variant="plain" busy={retry.isPending} disabled={busy} onClick={() => retry.mutate()}>
          Try to read it again
        </Button>
        {[repair.error, retry.error].map(
          (error) =>
            error !== null && (
              <p key={error.message} className={styles.error} role="alert">
                {sentenceOf(error)}
              </p>
            ),
        )}
      </div>
    </Screen>
  );
}

function repaired({ saved, lost }: WireTypes['Repair']): string {
  const kept = `${saved.connections} connections and ${saved.providers} providers were saved.`;
  if (lost.length === 0) return kept;
  return `${kept} Lost: ${lost.map(({ name }) => name).join(', ')}.`;
}
