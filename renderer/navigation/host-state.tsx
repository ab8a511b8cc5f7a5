// Where the host listens, what opened the vault, and the lock.
import { useMutation, useQuery } from '@tanstack/react-query';
import { Lock, Play } from 'lucide-react';
import type { SlotJson, StatusJson } from '../../api/wire.ts';
import { api } from '../api.ts';
import { useDesktop } from '../desktop.ts';
import { vaultChanged } from '../event-effects.ts';
import { hostLink } from '../events.ts';
import { sentenceOf } from '../problem.ts';
import { queries, queryClient } from '../queries.ts';
import { useStore } from '../store.ts';
import { Dot } from '../ui/dot.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { notify } from '../ui/toast.tsx';
import styles from './host-state.module.css';

export function HostState({ status }: { readonly status: StatusJson }) {
  const link = useStore(hostLink);
  const { data: slots } = useQuery(queries.slots);
  const lock = useLock();
  const resume = useResume();
  const warnings = [...status.warnings, ...(useDesktop()?.facts.warnings ?? [])];
  const address = status.url === null ? 'its socket' : new URL(status.url).host;
  return (
    <div className={styles.state}>
      {warnings.length > 0 && (
        <details className={styles.warnings}>
          <summary>{warnings.length === 1 ? 'A warning' : `${warnings.length} warnings`}</summary>
          {warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </details>
      )}
      {status.refreshes_paused && (
        <p className={styles.line}>
          <span className={styles.vault}>Refresh is paused</span>
          <IconButton
            label="Refresh in time again"
            disabled={resume.isPending}
            onClick={() => resume.mutate()}
          >
            <Play size={14} aria-hidden="true" />
          </IconButton>
        </p>
      )}
      <p className={styles.line}>
        <Dot tone={link === 'down' ? 'bad' : 'fresh'} />
        {link === 'down' ? 'Host does not answer' : `On ${address}`}
      </p>
      <p className={styles.line}>
        <span className={styles.vault}>Vault: {slotWords(slots)}</span>
        <IconButton label="Lock the vault" disabled={lock.isPending} onClick={() => lock.mutate()}>
          <Lock size={14} aria-hidden="true" />
        </IconButton>
      </p>
    </div>
  );
}

function useResume() {
  return useMutation({
    mutationFn: api.resumeRefreshes,
    onSuccess: () => queryClient.invalidateQueries(queries.status),
    onError: (error) => notify({ title: sentenceOf(error), tone: 'bad' }),
  });
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
