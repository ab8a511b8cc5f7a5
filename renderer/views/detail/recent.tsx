// The last things that happened to one connection.
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { queries } from '../../queries.ts';
import { activityWords } from '../../text/activity-words.ts';
import { useGlide } from '../../ui/glide.ts';
import { Time } from '../../ui/time.tsx';
import styles from './recent.module.css';
import section from './section.module.css';

/** Enough to find who uses it; the list shows fewer. */
export const recentActivity = (connection: string) => queries.activity({ connection, limit: 100 });
const SHOWN = 12;

export function Recent({ id }: { readonly id: string }) {
  const { data } = useQuery(recentActivity(id));
  const list = useRef<HTMLUListElement>(null);
  useGlide(list);
  const entries = data?.entries.slice(0, SHOWN) ?? [];
  return (
    <section className={section.section}>
      <h2 className={section.title}>Recent</h2>
      {data !== undefined && entries.length === 0 && <p className={section.quiet}>Nothing happened yet.</p>}
      <ul ref={list} className={styles.entries}>
        {entries.map((entry) => (
          <li key={entry.seq} className={styles.entry} data-glide={entry.seq}>
            <span className={styles.at}>
              <Time at={entry.at} as="clock" />
            </span>
            <span>{activityWords(entry)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
