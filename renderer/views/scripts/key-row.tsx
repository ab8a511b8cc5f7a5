// One key: its name and first letters, what it may do and where, its last use and its end.
import type { KeyJson } from '../../../api/wire.ts';
import { useNow } from '../../clock.ts';
import { connectionWords, rightsWords } from '../../text/key-words.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { Time } from '../../ui/time.tsx';
import styles from './key-list.module.css';

export interface KeyRowProps {
  readonly shown: KeyJson;
  readonly onRemove: () => void;
}

/** More names than this are counted, and told on hover. */
const NAMES = 3;

export function KeyRow({ shown, onRemove }: KeyRowProps) {
  const { name, prefix, rights, connections, last_used_at, expires_at } = shown;
  const now = useNow();
  const over = expires_at !== null && Date.parse(expires_at) <= now;
  const names = rights.includes('admin')
    ? ['every connection, key and provider']
    : connections.map(connectionWords);
  return (
    <li className={styles.key}>
      <div className={styles.who}>
        <p className={styles.name}>{name}</p>
        <code className={styles.prefix}>{prefix}…</code>
      </div>
      <div className={styles.what}>
        <p>{rightsWords(rights)}</p>
        <p className={styles.names} title={names.length > NAMES ? names.join(', ') : undefined}>
          {names.slice(0, NAMES).join(', ')}
          {names.length > NAMES && ` and ${names.length - NAMES} more`}
        </p>
      </div>
      <div className={styles.when}>
        <p>
          {last_used_at === null ? (
            'Never used'
          ) : (
            <>
              Used <Time at={last_used_at} />
            </>
          )}
        </p>
        <p className={classNames(styles.end, over && styles.over)}>
          {expires_at === null ? (
            'Does not expire'
          ) : (
            <>
              {over ? 'Expired' : 'Expires'} <Time at={expires_at} />
            </>
          )}
        </p>
      </div>
      <Button variant="danger" aria-label={`Remove the key ${name}`} onClick={onRemove}>
        Remove
      </Button>
    </li>
  );
}
