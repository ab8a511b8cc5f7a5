// The first thing somebody sees: what this is for, in one screen, and two ways to begin.
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ProviderJson, SandboxJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { connect } from '../../consents.ts';
import { KeyMark } from '../../navigation/key-mark.tsx';
import { sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { navigate } from '../../router.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { notify } from '../../ui/toast.tsx';
import styles from './no-connections.module.css';

/** As the host calls it. */
const SANDBOX = 'sandbox';

const STEPS = [
  ['Connect', 'Sign in to an API once, in your browser.'],
  ['Keep', 'Its tokens are sealed in the vault, and refreshed before they expire.'],
  ['Use', 'Copy a fresh token here, or let a script with a key of yours ask for one.'],
] as const;

export function NoConnections() {
  const { data: providers } = useQuery(queries.providers);
  const { data: sandbox } = useQuery(queries.sandbox);
  if (providers === undefined || sandbox === undefined) return null;
  const [first] = providers;
  if (first === undefined || (first.id === SANDBOX && !sandbox.running)) return <Nothing />;
  return <Ready providers={providers} sandbox={sandbox} />;
}

function Nothing() {
  const start = useMutation({
    mutationFn: api.startSandbox,
    onSuccess: async (info) => {
      queryClient.setQueryData(queries.sandbox.queryKey, info);
      await queryClient.invalidateQueries(queries.providers);
    },
    onError: (error) => notify({ title: sentenceOf(error), tone: 'bad' }),
  });
  return (
    <EmptyState
      icon={<KeyMark size={28} />}
      title="No connections yet"
      level={1}
      actions={
        <>
          <Button variant="primary" busy={start.isPending} onClick={() => start.mutate()}>
            Try it with the sandbox
          </Button>
          <Button onClick={() => navigate('/providers/new')}>Add a provider</Button>
        </>
      }
      note="The sandbox is a practice server on this machine. Nothing leaves it."
    >
      <p>Tokentray holds the OAuth tokens of this machine, so that no script has to store one.</p>
      <dl className={styles.steps}>
        {STEPS.map(([word, sentence]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{sentence}</dd>
          </div>
        ))}
      </dl>
    </EmptyState>
  );
}

interface ReadyProps {
  readonly providers: readonly ProviderJson[];
  readonly sandbox: SandboxJson;
}

function Ready({ providers, sandbox }: ReadyProps) {
  const start = useMutation({ mutationFn: (provider: string) => connect({ provider }) });
  const onlySandbox = providers.length === 1 && providers[0]?.id === SANDBOX;
  return (
    <EmptyState
      icon={<KeyMark size={28} />}
      title={onlySandbox ? 'The sandbox is ready' : 'Ready to connect'}
      level={1}
      actions={
        <>
          {providers.slice(0, 6).map(({ id, name }, place) => (
            <Button
              key={id}
              variant={place === 0 ? 'primary' : 'plain'}
              busy={start.isPending && start.variables === id}
              onClick={() => start.mutate(id)}
            >
              Connect {name}
            </Button>
          ))}
          <Button onClick={() => navigate('/providers/new')}>Add a provider</Button>
        </>
      }
      note={
        sandbox.running && providers.some(({ id }) => id === SANDBOX)
          ? `At the sandbox: ${sandbox.login}`
          : undefined
      }
    >
      <p>
        Connect opens the provider in a new tab, where you sign in and agree. The connection then stands here,
        with the life of its token.
      </p>
    </EmptyState>
  );
}
