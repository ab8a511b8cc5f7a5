// A view with nothing in it yet: what would be here, and the way to get it.
import type { ReactNode } from 'react';
import styles from './empty-state.module.css';

export interface EmptyStateProps {
  readonly icon?: ReactNode;
  readonly title: string;
  /** 1 where no other heading names the view. */
  readonly level?: 1 | 2;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
  readonly note?: ReactNode;
}

export function EmptyState({ icon, title, level = 2, children, actions, note }: EmptyStateProps) {
  const Heading = `h${level}` as const;
  return (
    <section className={styles.empty}>
      {icon !== undefined && (
        <span className={styles.icon} aria-hidden="true">
          {icon}
        </span>
      )}
      <Heading className={styles.title}>{title}</Heading>
      <div className={styles.text}>{children}</div>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      {note !== undefined && <p className={styles.note}>{note}</p>}
    </section>
  );
}
