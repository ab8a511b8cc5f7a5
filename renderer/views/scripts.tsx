// The keys of scripts: what each may do, when it was used, a new one, and none.
import { useQuery } from '@tanstack/react-query';
import { SquareTerminal } from 'lucide-react';
import { useRef, useState } from 'react';
import { sentenceOf } from '../problem.ts';
import { queries } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Page } from '../ui/page.tsx';
import { KeyList } from './scripts/key-list.tsx';
import { NewKeyDialog } from './scripts/new-key-dialog.tsx';
import styles from './scripts.module.css';

export function Scripts() {
  const { data: keys, error } = useQuery(queries.keys);
  const [making, setMaking] = useState(false);
  const begin = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Page
        title="Scripts"
        actions={
          <Button ref={begin} variant="primary" onClick={() => setMaking(true)}>
            New key
          </Button>
        }
      >
        {keys === undefined && error !== null && <p className={styles.problem}>{sentenceOf(error)}</p>}
        {keys?.length === 0 && (
          <EmptyState icon={<SquareTerminal size={28} />} title="No keys yet">
            <p>
              A script proves itself with a key. It asks Tokentray on this machine and gets a fresh access
              token of the connections you allow, so that no token has to be kept in the script.
            </p>
          </EmptyState>
        )}
        {keys !== undefined && keys.length > 0 && (
          <KeyList keys={keys} onRemoved={() => begin.current?.focus()} />
        )}
      </Page>
      <NewKeyDialog open={making} onClose={() => setMaking(false)} />
    </>
  );
}
