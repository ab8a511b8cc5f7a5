// What has ended already: connections that need a consent, keys whose time is over.
import { paths } from '../../router.ts';
import type { Ending, Waiting } from '../../text/endings.ts';
import { Dot } from '../../ui/dot.tsx';
import { Link } from '../../ui/link.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './entries.module.css';
import { Shortened } from './shortened.tsx';

export interface EndedListProps {
  readonly waiting: readonly Waiting[];
  readonly expired: readonly Ending[];
}

export function EndedList({ waiting, expired }: EndedListProps) {
  if (waiting.length === 0 && expired.length === 0) return null;
  return (
    <section aria-labelledby="ended">
      <h2 id="ended" className={styles.title}>
        Needs you now
      </h2>
      <Shortened
        of="more that need you"
        items={[
          ...waiting.map(({ id, name }) => (
            <li key={id} className={styles.entry}>
              <Dot tone="bad" />
              <p>
                <Link className={styles.name} to={paths.connection(id)}>
                  {name}
                </Link>{' '}
                needs your consent. Reconnect it to go on.
              </p>
            </li>
          )),
          ...expired.map(({ name, at }) => (
            <li key={`key ${name}`} className={styles.entry}>
              <Dot tone="bad" />
              <p>
                The key{' '}
                <Link className={styles.name} to="/scripts">
                  {name}
                </Link>{' '}
                expired <Time at={new Date(at).toISOString()} />. Make a new one, or remove it.
              </p>
            </li>
          )),
        ]}
      />
    </section>
  );
}
