// Something is on its way. Shown only where the wait may be long; it stands still for those who want no motion.
import styles from './spinner.module.css';

export function Spinner({ label }: { readonly label: string }) {
  return (
    <span className={styles.spinner} role="status">
      <span className={styles.dot} aria-hidden="true" />
      {label}
    </span>
  );
}
