// How much of a token's life is left, as a bar. A picture beside a word that says the same, so it is silent.
import { classNames } from './class-names.ts';
import styles from './life-bar.module.css';
import type { Tone } from './tone.ts';

export interface LifeBarProps {
  /** 0 to 1. */
  readonly left: number;
  readonly tone: Tone;
}

export function LifeBar({ left, tone }: LifeBarProps) {
  return (
    <span className={styles.track} aria-hidden="true">
      <span className={classNames(styles.left, styles[tone])} style={{ '--left': left }} />
    </span>
  );
}
