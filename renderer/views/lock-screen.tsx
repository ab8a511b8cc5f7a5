// A locked vault: the ways to open it that it has, and nothing of what is behind it.
import { useMutation, useQuery } from '@tanstack/react-query';
import type { SlotJson } from '../../api/wire.ts';
import { api } from '../api.ts';
import { vaultChanged } from '../event-effects.ts';
import { sentenceOf } from '../problem.ts';
import { queries } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import styles from './lock-screen.module.css';
import { PassphraseUnlock } from './passphrase-unlock.tsx';
import { Screen } from './screen.tsx';

export function LockScreen() {
  const { data: slots, error } = useQuery(queries.slots);
  return (
    <Screen title="The vault is locked">
      <p>Nothing is handed out until it is unlocked.</p>
      <div className={styles.ways}>
        {error !== null && <p role="alert">{sentenceOf(error)}</p>}
        {slots?.some(({ kind }) => kind === 'passphrase') && <PassphraseUnlock />}
        {slots
          ?.filter(({ kind }) => kind !== 'passphrase')
          .map((slot, place) => (
            <OtherUnlock key={slot.id} slot={slot} first={place === 0 && slots.length === 1} />
          ))}
      </div>
    </Screen>
  );
}

function OtherUnlock({ slot, first }: { readonly slot: SlotJson; readonly first: boolean }) {
  const unlock = useMutation({
    mutationFn: () => api.unlock(slot.path === undefined ? undefined : { key_file: slot.path }),
    onSuccess: ({ state }) => vaultChanged(state),
  });
  const name = slot.kind === 'file' ? 'the key file' : (slot.backend ?? 'the keychain');
  return (
    <div className={styles.way}>
      <Button variant={first ? 'primary' : 'plain'} busy={unlock.isPending} onClick={() => unlock.mutate()}>
        Unlock with {name}
      </Button>
      {unlock.error !== null && (
        <p className={styles.error} role="alert">
          {sentenceOf(unlock.error)}
        </p>
      )}
    </div>
  );
}
