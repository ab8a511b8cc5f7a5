// Before the host's first answer. It comes in a few milliseconds, so this shows itself only when it does not.
import { Spinner } from '../ui/spinner.tsx';
import { Screen } from './screen.tsx';
import styles from './waiting.module.css';

export function Waiting() {
  return (
    <div className={styles.late}>
      <Screen title="Tokentray">
        <Spinner label="Waiting for the host" />
      </Screen>
    </div>
  );
}
