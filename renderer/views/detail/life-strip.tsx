// The life of a token from its issue to its end, with the present in between. Says the same to those who hear it.
import type { ConnectionJson } from '../../../api/wire.ts';
import { useNow } from '../../clock.ts';
import { expiryGround } from '../../text/connection-words.ts';
import { clockTime } from '../../text/times.ts';
import { classNames } from '../../ui/class-names.ts';
import type { Tone } from '../../ui/tone.ts';
import styles from './life-strip.module.css';

export interface LifeStripProps {
  readonly connection: ConnectionJson;
  readonly tone: Tone;
}

export function LifeStrip({ connection, tone }: LifeStripProps) {
  const now = useNow();
  const issued = connection.issued_at === null ? undefined : Date.parse(connection.issued_at);
  const expires = connection.expires_at === null ? undefined : Date.parse(connection.expires_at);
  if (issued === undefined || connection.status === 'revoked') {
    return (
      <p className={styles.strip}>
        <span className={styles.bar} aria-hidden="true" />
        <span>no token is kept</span>
      </p>
    );
  }
  const over = expires !== undefined && expires <= now;
  const left =
    expires === undefined ? 1 : Math.min(1, Math.max(0, (expires - now) / Math.max(1, expires - issued)));
  const look = expires === undefined ? styles.endless : over ? styles.over : tone === 'warn' && styles.warn;
  return (
    <p className={classNames(styles.strip, look)}>
      <span className={styles.bar} aria-hidden="true">
        <span className={styles.left} style={{ '--left': left }} />
      </span>
      <span>issued {clockTime(issued, now)}</span>
      <span>
        {expires === undefined
          ? 'no known end'
          : `${over ? 'expired' : 'expires'} ${clockTime(expires, now)}${expiryGround(connection)}`}
      </span>
    </p>
  );
}
