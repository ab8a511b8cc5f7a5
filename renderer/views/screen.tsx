// A screen in place of the window: one thing to say, one thing to do, in the middle.
import type { ReactNode } from 'react';
import { KeyMark } from '../navigation/key-mark.tsx';
import styles from './screen.module.css';

export interface ScreenProps {
  readonly title: string;
  readonly children: ReactNode;
}

export function Screen({ title, children }: ScreenProps) {
  return (
    <main className={styles.screen}>
      <div className={styles.card}>
        <span className={styles.mark}>
          <KeyMark size={28} />
        </span>
        <h1 className={styles.title}>{title}</h1>
        {children}
      </div>
    </main>
  );
}
