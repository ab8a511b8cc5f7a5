// A dot in the colour of a state, beside the word for it.
import { classNames } from './class-names.ts';
import styles from './dot.module.css';
import type { Tone } from './tone.ts';

export function Dot({ tone }: { readonly tone: Tone }) {
  return <span className={classNames(styles.dot, styles[tone])} aria-hidden="true" />;
}
