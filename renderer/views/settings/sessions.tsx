// The windows that are open in browsers, this one among them. Each can be ended from here.
import { useMutation, useQuery } from '@tanstack/react-query';
import type { SessionJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { endSession } from '../../session.ts';
import { Button } from '../../ui/button.tsx';
import { Time } from '../../ui/time.tsx';
import { notify } from '../../ui/toast.tsx';
import styles from './section.module.css';
import { Section } from './section.tsx';

export function Sessions() {
  const { data: sessions = [], error } = useQuery({ ...queries.sessions, refetchOnMount: 'always' });
  return (
    <Section
      title="Open windows"
      about="A window closes itself after 15 minutes without use, and after 12 hours in any case."
      failure={error}
    >
      <ul className={styles.rows}>
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
    </Section>
  );
}

function SessionRow({ session }: { readonly session: SessionJson }) {
  const end = useMutation({
    mutationFn: async () => {
      if (session.current) await api.endSession();
      else await api.endOtherSession(session.id);
    },
    onSuccess: () => {
      if (session.current) endSession();
      else void queryClient.invalidateQueries(queries.sessions);
    },
    onError: (error) => notify({ title: sentenceOf(error), tone: 'bad' }),
  });
  return (
    <li className={styles.row}>
      <div className={styles.text}>
        <p>
          {session.current ? 'This window' : 'Another window'}, opened <Time at={session.created_at} />
        </p>
        <p className={styles.small}>
          used <Time at={session.last_used_at} />, ends <Time at={session.expires_at} /> at the latest
        </p>
      </div>
      <Button
        variant="danger"
        busy={end.isPending}
        aria-label={session.current ? 'End this window' : 'End another window'}
        onClick={() => end.mutate()}
      >
        End
      </Button>
    </li>
  );
}
