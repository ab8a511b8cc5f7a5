// The life of a token from its issue to its end, with the present in between. Says the same to those who hear it.
import type { ConnectionJson } from '../../../api/wire.ts';
import { useNow } from '../../clock.ts';
import { clockTime } from '../../text/times.ts';
import { classNames } from '../../ui/class-names.ts';
import styles from './life-strip.module.css';

export function LifeStrip({ connection }: { readonly connection: ConnectionJson }) {
  const now = useNow();
  const issued = connection.issued_at === null ? undefined : Date.parse(connection.issued_at);
  const expires = connection.expires_at === null ? undefined : Date.parse(connection.expires_at);
  if (issued === undefined || connection.status === 'revoked') {
    return <p className={styles.strip}>No token is kept.</p>;
  }
  const over = expires !== undefined && expires <= now;
  const past =
    expires === undefined ? 0 : Math.min(1, Math.max(0, (now - issued) / Math.max(1, expires - issued)));
  return (
    <p
      className={classNames(styles.strip, over && styles.over, expires === undefined && styles.endless)}
      style={{ '--past': past }}
    >
      <span>issued {clockTime(issued, now)}</span>
      <span>
        {expires === undefined
          ? 'no known end'
          : `${over ? 'expired' : 'expires'} ${clockTime(expires, now)}`}
      </span>
    </p>
  );
}
