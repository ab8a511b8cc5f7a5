// A consent that has no connection yet: open it again or cancel it; when it failed, why, and the way to try again.
import { useMutation } from '@tanstack/react-query';
import { ExternalLink, RotateCcw, X } from 'lucide-react';
import type { ConsentJson } from '../../../api/wire.ts';
import { cancelConsent, connect, dismissConsent } from '../../consents.ts';
import buttons from '../../ui/button.module.css';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { Tile } from '../../ui/tile.tsx';
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
        {pending ? <Pending consent={consent} /> : <Failed consent={consent} />}
      </span>
    </div>
  );
}

function Pending({ consent }: { readonly consent: ConsentJson }) {
  const cancel = useMutation({ mutationFn: () => cancelConsent(consent.id) });
  return (
    <>
      {consent.authorization_url !== undefined && (
        <a
          className={classNames(buttons.button, buttons.plain, styles.action)}
          href={consent.authorization_url}
          target="_blank"
          rel="noopener noreferrer"
          aria-label={`Open the consent at ${consent.provider}`}
        >
          <ExternalLink size={16} aria-hidden="true" /> <span>Open</span>
        </a>
      )}
      <Button
        className={styles.action}
        variant="quiet"
        busy={cancel.isPending}
        aria-label={`Cancel the consent at ${consent.provider}`}
        onClick={() => cancel.mutate()}
      >
        <X size={16} aria-hidden="true" /> <span>Cancel</span>
      </Button>
    </>
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
