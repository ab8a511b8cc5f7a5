// A consent that has no connection yet: open it again or cancel it; when it failed, why, and the way to try again.
import { useMutation } from '@tanstack/react-query';
import { RotateCcw, X } from 'lucide-react';
import type { ConsentJson } from '../../../api/wire.ts';
import { connect, dismissConsent } from '../../consents.ts';
import { Button } from '../../ui/button.tsx';
import { Tile } from '../../ui/tile.tsx';
import { PendingActions } from './pending-actions.tsx';
import styles from './row.module.css';

export function ConsentRow({ consent }: { readonly consent: ConsentJson }) {
  const { provider, status, reason } = consent;
  const pending = status === 'pending';
  return (
    <div className={styles.row}>
      <div className={styles.open}>
        <Tile name={provider} />
        <span className={styles.text}>
          <span className={styles.name}>{provider}</span>
          <span className={styles.sentence} title={reason}>
            {pending ? 'Finish the consent in the browser.' : (reason ?? 'The consent did not succeed.')}
          </span>
        </span>
      </div>
      <span className={styles.two}>
        {pending ? (
          <PendingActions
            id={consent.id}
            url={consent.authorization_url}
            name={provider}
            className={styles.action}
          />
        ) : (
          <Failed consent={consent} />
        )}
      </span>
    </div>
  );
}

function Failed({ consent }: { readonly consent: ConsentJson }) {
  const again = useMutation({
    mutationFn: async () => {
      dismissConsent(consent.id);
      await connect({ provider: consent.provider });
    },
  });
  return (
    <>
      <Button
        className={styles.action}
        busy={again.isPending}
        aria-label={`Try again: the consent at ${consent.provider}`}
        onClick={() => again.mutate()}
      >
        <RotateCcw size={16} aria-hidden="true" /> <span>Try again</span>
      </Button>
      <Button
        className={styles.action}
        variant="quiet"
        aria-label={`Dismiss the consent at ${consent.provider}`}
        onClick={() => dismissConsent(consent.id)}
      >
        <X size={16} aria-hidden="true" /> <span>Dismiss</span>
      </Button>
    </>
  );
}
