// All keys, each with the way to take it back. Taking back is asked about: scripts stop at once.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { KeyJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { AlertDialog } from '../../ui/alert-dialog.tsx';
import { notify } from '../../ui/toast.tsx';
import styles from './key-list.module.css';
import { KeyRow } from './key-row.tsx';

export interface KeyListProps {
  readonly keys: readonly KeyJson[];
  /** The row that had the focus is gone. */
  readonly onRemoved: () => void;
}

export function KeyList({ keys, onRemoved }: KeyListProps) {
  const [asked, setAsked] = useState<string>();
  const remove = useMutation({
    mutationFn: api.removeKey,
    onSuccess: async (_removed, name) => {
      setAsked(undefined);
      await queryClient.invalidateQueries(queries.keys);
      notify({ title: `Removed the key ${name}.` });
      onRemoved();
    },
  });
  return (
    <>
      <ul className={styles.keys}>
        {keys.map((key) => (
          <KeyRow
            key={key.name}
            shown={key}
            onRemove={() => {
              remove.reset();
              setAsked(key.name);
            }}
          />
        ))}
      </ul>
      <AlertDialog
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
        title={`Remove the key ${asked ?? ''}?`}
        description="Whatever uses it gets nothing from then on. A removed key cannot be brought back; a new one can be made."
        confirm="Remove key"
        busy={remove.isPending}
        error={remove.error === null ? undefined : sentenceOf(remove.error)}
        onConfirm={() => asked !== undefined && remove.mutate(asked)}
      />
    </>
  );
}
