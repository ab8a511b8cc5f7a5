// Over every view, for as long as it is so: one thing that a person has to decide, and how.
import type { ReactNode } from 'react';
import styles from './banner.module.css';

export interface BannerProps {
  /** For those who go by landmarks. */
  readonly label: string;
  readonly text: string;
  /** Its buttons, and the dialogs that they open. */
  readonly children: ReactNode;
}

export function Banner({ label, text, children }: BannerProps) {
  return (
    <section className={styles.banner} aria-label={label}>
      <p className={styles.text}>{text}</p>
      <div className={styles.actions}>{children}</div>
    </section>
  );
}
