// The programs that asked for this connection's token of late, the newest first.
import { useQuery } from '@tanstack/react-query';
import type { ActivityJson } from '../../../api/wire.ts';
import { userWords } from '../../text/activity-words.ts';
import { Time } from '../../ui/time.tsx';
import { recentActivity } from './recent.tsx';
import styles from './section.module.css';

export function UsedBy({ id }: { readonly id: string }) {
  const { data } = useQuery(recentActivity(id));
  if (data === undefined) return <span>&nbsp;</span>;
  const users = lastUses(data.entries);
  if (users.length === 0) return <span className={styles.quiet}>nobody yet</span>;
  return (
    <ul>
      {users.map(({ name, at }) => (
        <li key={name}>
          {name}, <Time at={at} />
        </li>
      ))}
    </ul>
  );
}

function lastUses(entries: readonly ActivityJson[]): readonly { name: string; at: string }[] {
  const users = new Map<string, string>();
  for (const entry of entries) {
    if (entry.kind !== 'hand_out' || entry.outcome !== 'released') continue;
    const name = userWords(entry);
    if (!users.has(name)) users.set(name, entry.at);
  }
  return [...users].map(([name, at]) => ({ name, at }));
}
