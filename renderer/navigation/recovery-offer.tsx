// A vault that only the keychain opens is lost with it: a passphrase beside it is offered, until there is one or the person
// does not want it. Over the view, which does not move for it.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import over from '../host-banner.module.css';
import { queries } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { AddSlot } from '../views/settings/add-slot.tsx';
import styles from './recovery-offer.module.css';

/** In this browser, or this tray: that it was declined. */
const KEY = 'tokentray.recovery';

export function RecoveryOffer() {
  const { data: slots = [] } = useQuery(queries.slots);
  const [declined, setDeclined] = useState(() => localStorage.getItem(KEY) === 'declined');
  const [adding, setAdding] = useState(false);
  const [only] = slots;
  if (declined || slots.length !== 1 || only?.kind !== 'keychain') return null;
  const decline = (): void => {
    localStorage.setItem(KEY, 'declined');
    setDeclined(true);
  };
  return (
    <div className={classNames(over.place, styles.place)}>
      <section className={classNames(over.banner, styles.offer)} aria-label="Recovery">
        <p className={styles.text}>
          Only the keychain of this machine opens the vault. A passphrase beside it saves your logins if that
          is lost.
        </p>
        <div className={styles.actions}>
          <Button variant="quiet" onClick={decline}>
            Not now
          </Button>
          <Button onClick={() => setAdding(true)}>Add a passphrase</Button>
        </div>
      </section>
      {adding && <AddSlot onClose={() => setAdding(false)} />}
    </div>
  );
}
