// One thing that happened: when, what, and where it went wrong what to do.
import { memo } from 'react';
import type { ActivityJson } from '../../../api/wire.ts';
import { paths } from '../../router.ts';
import { activitySentence } from '../../text/activity-sentence.ts';
import { Dot } from '../../ui/dot.tsx';
import { Link } from '../../ui/link.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './activity-days.module.css';

export const ActivityEntry = memo(function ActivityEntry({ entry }: { readonly entry: ActivityJson }) {
  const { before, name, after, advice, failed } = activitySentence(entry);
  return (
    <li className={styles.entry} data-glide={entry.seq}>
      <span className={styles.when}>
        <Time at={entry.at} />
      </span>
      <span>{failed && <Dot tone="bad" />}</span>
      <div className={styles.what}>
        <p>
          {before}
          {name !== undefined && entry.connection_id !== null && (
            <Link className={styles.name} to={paths.connection(entry.connection_id)}>
              {name}
            </Link>
          )}
          {after}
        </p>
        {advice !== undefined && <p className={styles.advice}>{advice}</p>}
      </div>
    </li>
  );
});
