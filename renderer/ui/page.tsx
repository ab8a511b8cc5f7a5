// A view with a title: its heading, what can be done at its right, and a body that scrolls.
import type { ReactNode } from 'react';
import styles from './page.module.css';

export interface PageProps {
  readonly title: string;
  readonly actions?: ReactNode;
  /** `form`: a column of readable width. */
  readonly width?: 'full' | 'form';
  readonly children: ReactNode;
}

export function Page({ title, actions, width = 'full', children }: PageProps) {
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1 className={styles.title}>{title}</h1>
        {actions}
      </header>
      <div className={styles.body}>
        <div className={width === 'form' ? styles.form : undefined}>{children}</div>
      </div>
    </div>
  );
}
