// The vault: what can open it, a new key for it, and its lock.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SlotJson } from '../../../api/wire.ts';
import { useLock } from '../../navigation/host-state.tsx';
import { queries } from '../../queries.ts';
import { useSettingsChange } from '../../settings.ts';
import { slotName, slotPlace } from '../../text/slot-words.ts';
import { Button } from '../../ui/button.tsx';
import { DurationSelect } from '../../ui/duration-select.tsx';
import { Time } from '../../ui/time.tsx';
import { AddSlot } from './add-slot.tsx';
import { BackUp } from './back-up.tsx';
import { RemoveSlot } from './remove-slot.tsx';
import { RotateKey } from './rotate-key.tsx';
import styles from './section.module.css';
import { Section } from './section.tsx';

type Asking =
  | { readonly what: 'add' | 'rotate' | 'back up' }
  | { readonly what: 'remove'; readonly slot: SlotJson };

const LOCK_SECONDS = [300, 900, 3_600, 14_400, 43_200, 0];

export function Vault() {
  const { data: slots = [], error } = useQuery({ ...queries.slots, refetchOnMount: 'always' });
  const [asking, setAsking] = useState<Asking>();
  const close = (): void => setAsking(undefined);
  const lock = useLock();
  const { data: settings } = useQuery(queries.settings);
  const change = useSettingsChange();
  return (
    <Section title="Vault" about="Any one of these opens it. Keep two, in case one is lost." failure={error}>
      <ul className={styles.rows}>
        {slots.map((slot) => (
          <li key={slot.id} className={styles.row}>
            <div className={styles.text}>
              <p>
                {slotName(slot)}
                {slot.in_use && <span className={styles.mark}> opened it this time</span>}
              </p>
              <p className={styles.small}>
                {slotPlace(slot)} added <Time at={slot.created_at} />
              </p>
            </div>
            <Button
              variant="danger"
              disabled={slots.length === 1}
              aria-label={`Remove ${slotName(slot)}`}
              onClick={() => setAsking({ what: 'remove', slot })}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      {slots.length === 1 && (
        <p className={styles.small}>
          The only way to open the vault cannot be removed. Add another one first.
        </p>
      )}
      {settings !== undefined && (
        <DurationSelect
          label="Lock when nobody uses it for"
          hint="A token that is handed out counts as use, and so does work in a window."
          value={settings.lock_after_minutes * 60}
          usual={LOCK_SECONDS}
          onChoose={(seconds) => change.mutate({ lock_after_minutes: seconds / 60 })}
        />
      )}
      <div className={styles.actions}>
        <Button onClick={() => setAsking({ what: 'add' })}>Add a way to open it</Button>
        <Button onClick={() => setAsking({ what: 'rotate' })}>Renew its key</Button>
        <Button onClick={() => setAsking({ what: 'back up' })}>Back it up</Button>
        <Button busy={lock.isPending} onClick={() => lock.mutate()}>
          Lock now
        </Button>
      </div>
      {asking?.what === 'add' && <AddSlot onClose={close} />}
      {asking?.what === 'back up' && <BackUp onClose={close} />}
      {asking?.what === 'rotate' && <RotateKey slots={slots} onClose={close} />}
      {asking?.what === 'remove' && <RemoveSlot slot={asking.slot} onClose={close} />}
    </Section>
  );
}
