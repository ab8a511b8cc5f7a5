// The list beside one connection in detail; on a narrow window one of the two. With nothing to list, how to begin.
import { useQuery } from '@tanstack/react-query';
import { consentsQuery } from '../consents.ts';
import { sentenceOf } from '../problem.ts';
import { queries } from '../queries.ts';
import { ConnectionList } from './connections/list.tsx';
import { NoConnections } from './connections/no-connections.tsx';
import styles from './connections.module.css';
import { ConnectionDetail } from './detail/connection-detail.tsx';
import { NothingChosen } from './detail/nothing-chosen.tsx';

export function Connections({ id }: { readonly id: string | undefined }) {
  const { data: connections, error } = useQuery(queries.connections);
  const { data: consents } = useQuery(consentsQuery);
  if (connections === undefined || consents === undefined) {
    return error === null ? null : <p className={styles.problem}>{sentenceOf(error)}</p>;
  }
  if (connections.length === 0 && consents.length === 0) return <NoConnections />;
  const chosen = connections.find((one) => one.id === id || one.name === id);
  return (
    <div className={styles.panes} data-open={id === undefined ? undefined : true}>
      <ConnectionList connections={connections} consents={consents} chosen={chosen?.id} />
      <aside className={styles.detail} aria-label="Connection">
        {chosen === undefined ? (
          <NothingChosen missing={id !== undefined} />
        ) : (
          <ConnectionDetail key={chosen.id} connection={chosen} />
        )}
      </aside>
    </div>
  );
}
