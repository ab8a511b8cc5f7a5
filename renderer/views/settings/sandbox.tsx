// The practice server: whether it runs, how to sign in there, and its switch.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SandboxJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { AlertDialog } from '../../ui/alert-dialog.tsx';
import { Button } from '../../ui/button.tsx';
import { Dot } from '../../ui/dot.tsx';
import { notify } from '../../ui/toast.tsx';
import styles from './section.module.css';
import { Section } from './section.tsx';

const DONE = { start: 'The sandbox runs.', stop: 'The sandbox is stopped.', reset: 'The sandbox is as new.' };
const ASK = { start: api.startSandbox, stop: api.stopSandbox, reset: api.resetSandbox };

export function Sandbox() {
  const { data: sandbox, error } = useQuery({ ...queries.sandbox, refetchOnMount: 'always' });
  const [asking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: (what: keyof typeof ASK) => ASK[what](),
    onSuccess: (after, what) => {
      queryClient.setQueryData(queries.sandbox.queryKey, after);
      notify({ title: DONE[what] });
    },
    onError: (failure) => notify({ title: sentenceOf(failure), tone: 'bad' }),
    onSettled: () => setAsking(false),
  });
  const busy = change.isPending;
  return (
    <Section
      title="Sandbox"
      about="A practice server on this machine, with accounts and contacts to try things with."
      failure={error}
    >
      {sandbox !== undefined && (
        <>
          <State sandbox={sandbox} />
          <div className={styles.actions}>
            {sandbox.running ? (
              <Button busy={busy} onClick={() => change.mutate('stop')}>
                Stop
              </Button>
            ) : (
              <Button busy={busy} onClick={() => change.mutate('start')}>
                Start
              </Button>
            )}
            <Button variant="danger" onClick={() => setAsking(true)}>
              Reset
            </Button>
          </div>
        </>
      )}
      <AlertDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Reset the sandbox?"
        description="Its accounts and contacts become as on the first day, and connections to it need a new consent."
        confirm="Reset"
        busy={busy}
        onConfirm={() => change.mutate('reset')}
      />
    </Section>
  );
}

function State({ sandbox: { running, issuer, login } }: { readonly sandbox: SandboxJson }) {
  return (
    <div>
      <p>
        <Dot tone={running ? 'fresh' : 'quiet'} />{' '}
        {running && issuer !== null ? (
          <>
            It runs at <code>{issuer}</code>
          </>
        ) : (
          'It is stopped.'
        )}
      </p>
      {running && <p className={styles.small}>{login}</p>}
    </div>
  );
}
