// What was granted, and what was asked for and not granted: a difference that explains many a refusal of an API.
import styles from './scopes.module.css';

export interface ScopesProps {
  readonly granted: readonly string[];
  readonly asked: readonly string[];
  /** Whether there is a token to tell what was granted; otherwise there is only what was asked for. */
  readonly known: boolean;
}

export function Scopes({ granted, asked, known }: ScopesProps) {
  const missing = asked.filter((scope) => !granted.includes(scope));
  if (granted.length === 0 && missing.length === 0) return 'none named';
  return (
    <ul className={styles.scopes}>
      {granted.map((scope) => (
        <li key={scope} className={styles.scope}>
          {scope}
        </li>
      ))}
      {missing.map((scope) => (
        <li key={scope} className={styles.missing}>
          {scope} {known && <span className={styles.not}>not granted</span>}
        </li>
      ))}
    </ul>
  );
}
