// One connection in the list: who, what, how long still, and the one thing to do.
import { useMutation } from '@tanstack/react-query';
import { Copy, RotateCcw } from 'lucide-react';
import { memo, type RefObject, useEffect, useRef } from 'react';
import type { ConnectionJson } from '../../../api/wire.ts';
import { connect, useConsent } from '../../consents.ts';
import { copyToken } from '../../copy-token.ts';
import { paths } from '../../router.ts';
import { groupOf, lookOf, needsConsent } from '../../text/connection-words.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { LifeBar } from '../../ui/life-bar.tsx';
import { Link } from '../../ui/link.tsx';
import { Tile } from '../../ui/tile.tsx';
import { PendingActions } from './pending-actions.tsx';
import styles from './row.module.css';

export interface ConnectionRowProps {
  readonly connection: ConnectionJson;
  readonly now: number;
  readonly chosen: boolean;
  /** The one row that Tab reaches. */
  readonly cursor: boolean;
  readonly focusWanted: boolean;
  readonly onFocus: (id: string) => void;
}

export const ConnectionRow = memo(function ConnectionRow(props: ConnectionRowProps) {
  const { connection, now, chosen, cursor, focusWanted, onFocus } = props;
  const { id, name, label, provider, scopes } = connection;
  const look = lookOf(connection, now);
  const link = useFocus(focusWanted);
  const tabIndex = cursor ? 0 : -1;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only notes where the focus went
    <div className={classNames(styles.row, chosen && styles.chosen)} onFocus={() => onFocus(id)}>
      <Link
        ref={link}
        to={paths.connection(id)}
        className={styles.open}
        tabIndex={tabIndex}
        aria-current={chosen || undefined}
      >
        <Tile name={provider} />
        <span className={styles.text}>
          <span className={styles.name}>{name}</span>
          {groupOf(connection, now) === 'fresh' ? (
            <span className={styles.about}>
              {/* Text of a provider: its direction ends with it. */}
              {label !== null && <bdi>{label}</bdi>}
              {label !== null && scopes.length > 0 && ' · '}
              {scopes.join(' · ')}
            </span>
          ) : (
            <span className={styles.about}>{look.why}</span>
          )}
        </span>
        {connection.consent === undefined && (
          <span className={styles.life}>
            <span className={classNames(styles.short, styles[look.tone])}>{look.short}</span>
            <LifeBar left={look.left} tone={look.tone} />
          </span>
        )}
      </Link>
      <RowAction connection={connection} consents={needsConsent(connection, now)} tabIndex={tabIndex} />
    </div>
  );
});

interface RowActionProps {
  readonly connection: ConnectionJson;
  readonly consents: boolean;
  readonly tabIndex: number;
}

function RowAction({ connection, consents, tabIndex }: RowActionProps) {
  const { name, provider, account, consent } = connection;
  const copy = useMutation({ mutationFn: () => copyToken(connection, 'token') });
  const reconnect = useMutation({ mutationFn: () => connect({ provider, account }) });
  const open = useConsent(consent);
  const shared = { className: styles.action, tabIndex };
  if (consent !== undefined) {
    return (
      <span className={styles.two}>
        <PendingActions {...shared} id={consent} url={open?.authorization_url} name={name} />
      </span>
    );
  }
  if (consents) {
    return (
      <Button
        {...shared}
        busy={reconnect.isPending}
        aria-label={`Reconnect ${name}`}
        onClick={() => reconnect.mutate()}
      >
        <RotateCcw size={16} aria-hidden="true" /> <span>Reconnect</span>
      </Button>
    );
  }
  return (
    <Button
      {...shared}
      busy={copy.isPending}
      aria-label={`Copy token of ${name}`}
      onClick={() => copy.mutate()}
    >
      <Copy size={16} aria-hidden="true" /> <span>Copy token</span>
    </Button>
  );
}

function useFocus(wanted: boolean): RefObject<HTMLAnchorElement | null> {
  const element = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (wanted) element.current?.focus({ preventScroll: true });
  }, [wanted]);
  return element;
}
