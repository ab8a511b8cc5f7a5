// The new key, once, and the line that tries it. The line names an environment variable: a key typed into a command
// stays in the shell's history.
import { useQuery } from '@tanstack/react-query';
import type { NewKeyJson } from '../../../api/wire.ts';
import { queries } from '../../queries.ts';
import { CopyField } from '../../ui/copy-field.tsx';
import styles from './key-shown.module.css';

export function KeyShown({ made }: { readonly made: NewKeyJson }) {
  const { data: status } = useQuery(queries.status);
  const { data: connections = [] } = useQuery(queries.connections);
  if (status === undefined) return null;
  const line = `curl -fsS -H "Authorization: Bearer $TOKENTRAY_KEY" ${status.url}${tryPath(
    made,
    connections.map(({ name }) => name),
  )}`;
  return (
    <div className={styles.shown}>
      <CopyField what="key" value={made.key} />
      <p className={styles.how}>
        Give it to the script as the environment variable <code>TOKENTRAY_KEY</code>. This line tries it:
      </p>
      <CopyField what="command" value={line} block />
    </div>
  );
}

/** What this key can ask for: a token of a connection of its own, or the list. */
function tryPath({ rights, connections }: NewKeyJson, names: readonly string[]): string {
  if (!rights.includes('token')) return '/v1/connections';
  const first = connections
    .map((ref) => (ref.includes('/') ? ref : names.find((name) => ref === '*' || name.startsWith(`${ref}/`))))
    .find((name) => name !== undefined);
  return first === undefined
    ? '/v1/connections'
    : `/v1/token/${first.split('/').map(encodeURIComponent).join('/')}`;
}
