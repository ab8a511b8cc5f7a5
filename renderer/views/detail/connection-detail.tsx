// One connection: its state in words, the life of its token as a picture, what was granted, who uses it, and what can be done.
import { ArrowLeft } from 'lucide-react';
import type { ConnectionJson } from '../../../api/wire.ts';
import { useNow } from '../../clock.ts';
import { consentEnd, lookOf } from '../../text/connection-words.ts';
import { Dot } from '../../ui/dot.tsx';
import { Link } from '../../ui/link.tsx';
import { Time } from '../../ui/time.tsx';
import { BrowserChoice } from './browser-choice.tsx';
import styles from './connection-detail.module.css';
import { DetailActions } from './detail-actions.tsx';
import { LifeStrip } from './life-strip.tsx';
import { Recent } from './recent.tsx';
import { Scopes } from './scopes.tsx';
import { UseInScript } from './use-in-script.tsx';
import { UsedBy } from './used-by.tsx';

export function ConnectionDetail({ connection }: { readonly connection: ConnectionJson }) {
  const now = useNow();
  const look = lookOf(connection, now);
  const { name, label, consented_at } = connection;
  return (
    <div className={styles.detail}>
      <Link to="/" className={styles.back}>
        <ArrowLeft size={14} aria-hidden="true" /> Connections
      </Link>
      <header>
        <h1 className={styles.name}>{name}</h1>
        <p className={styles.label}>
          <bdi>{label ?? connection.provider}</bdi>
        </p>
      </header>
      <DetailActions connection={connection} />
      <LifeStrip connection={connection} tone={look.tone} />
      <dl className={styles.facts}>
        <dt>Status</dt>
        <dd className={styles.status}>
          <Dot tone={look.tone} />
          <span>{look.sentence}</span>
        </dd>
        <dt>Consent</dt>
        <dd className={styles.consent}>
          {consented_at !== null && (
            <>
              given <Time at={consented_at} />;{' '}
            </>
          )}
          {consentEnd(connection)}
        </dd>
        <BrowserChoice id={connection.id} />
        <dt>Scopes</dt>
        <dd>
          <Scopes
            granted={connection.scopes}
            asked={connection.scopes_asked}
            known={connection.issued_at !== null}
          />
        </dd>
        <dt>Used by</dt>
        <dd>
          <UsedBy id={connection.id} />
        </dd>
      </dl>
      <UseInScript name={name} />
      <Recent id={connection.id} />
    </div>
  );
}
