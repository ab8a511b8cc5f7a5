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
  const { status, reason } = consent;
  const name = nameOf(consent);
  const pending = status === 'pending';
  return (
    <div className={styles.row}>
      <div className={styles.open}>
        <Tile name={consent.provider} />
        <span className={styles.text}>
          <span className={styles.name}>{name}</span>
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
            name={name}
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
  const name = nameOf(consent);
  const again = useMutation({
    mutationFn: async () => {
      dismissConsent(consent.id);
      const { provider, account } = consent;
      await connect(account === undefined ? { provider } : { provider, account });
    },
  });
  return (
    <>
      <Button
        className={styles.action}
        busy={again.isPending}
        aria-label={`Try again: the consent of ${name}`}
        onClick={() => again.mutate()}
      >
        <RotateCcw size={16} aria-hidden="true" /> <span>Try again</span>
      </Button>
      <Button
        className={styles.action}
        variant="quiet"
        aria-label={`Dismiss the consent of ${name}`}
        onClick={() => dismissConsent(consent.id)}
      >
        <X size={16} aria-hidden="true" /> <span>Dismiss</span>
      </Button>
    </>
  );
}

/** Without an account the provider's answer will give it one. */
function nameOf({ provider, account }: ConsentJson): string {
  return account === undefined ? provider : `${provider}/${account}`;
}
