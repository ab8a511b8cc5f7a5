// Where the host listens, what opened the vault, and the lock.
import { useMutation, useQuery } from '@tanstack/react-query';
import type { SlotJson, StatusJson } from '../../api/wire.ts';
import { api } from '../api.ts';
import { vaultChanged } from '../event-effects.ts';
import { hostLink } from '../events.ts';
import { sentenceOf } from '../problem.ts';
import { queries } from '../queries.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Dot } from '../ui/dot.tsx';
import { notify } from '../ui/toast.tsx';
import styles from './host-state.module.css';

export function HostState({ status }: { readonly status: StatusJson }) {
  const link = useStore(hostLink);
  const { data: slots } = useQuery(queries.slots);
  const lock = useLock();
  const address = new URL(status.url).host;
  return (
    <div className={styles.state}>
      {status.warnings.map((warning) => (
        <p key={warning} className={styles.warning}>
          {warning}
        </p>
      ))}
      <p className={styles.line}>
        <Dot tone={link === 'down' ? 'bad' : 'fresh'} />
        {link === 'down' ? 'Host does not answer' : `On ${address}`}
      </p>
      <p className={styles.line}>
        <span className={styles.vault}>Vault: {slotWords(slots)}</span>
        <Button variant="quiet" className={styles.lock} busy={lock.isPending} onClick={() => lock.mutate()}>
          Lock
        </Button>
      </p>
    </div>
  );
}

/** Locks the vault; the screens behind it close at once. */
export function useLock() {
  return useMutation({
    mutationFn: api.lock,
    onSuccess: ({ state }) => vaultChanged(state),
    onError: (error) => notify({ title: sentenceOf(error), tone: 'bad' }),
  });
}

function slotWords(slots: readonly SlotJson[] | undefined): string {
  const used = slots?.find((slot) => slot.in_use);
  if (used === undefined) return 'open';
  if (used.kind === 'keychain') return used.backend ?? 'keychain';
  return used.kind === 'file' ? 'key file' : 'passphrase';
}
