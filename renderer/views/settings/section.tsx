// One part of the settings: its title, a line about it, and what can be done.
import { type ReactNode, useId } from 'react';
import { sentenceOf } from '../../problem.ts';
import styles from './section.module.css';

export interface SectionProps {
  readonly title: string;
  readonly about?: ReactNode;
  /** Why it cannot be shown. */
  readonly failure?: Error | null;
  readonly children: ReactNode;
}

export function Section({ title, about, failure = null, children }: SectionProps) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <h2 id={id} className={styles.title}>
        {title}
      </h2>
      {about !== undefined && <p className={styles.about}>{about}</p>}
      {failure !== null && (
        <p className={styles.failure} role="alert">
          {sentenceOf(failure)}
        </p>
      )}
      {children}
    </section>
  );
}
