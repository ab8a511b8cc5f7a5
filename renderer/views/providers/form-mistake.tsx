// What is wrong with the form as a whole, above its buttons: said at once to those who hear the page.
import styles from './form.module.css';
import type { Mistakes } from './mistakes.ts';

export function FormMistake({ mistakes }: { readonly mistakes: Mistakes }) {
  if (mistakes.form === undefined) return null;
  return (
    <p className={styles.error} role="alert">
      {mistakes.form}
    </p>
  );
}
