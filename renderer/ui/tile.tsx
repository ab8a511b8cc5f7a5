// A letter in place of a logo: nobody's mark is used, and nothing is fetched.
import styles from './tile.module.css';

export function Tile({ name }: { readonly name: string }) {
  return (
    <span className={styles.tile} aria-hidden="true">
      {name.slice(0, 1).toUpperCase()}
    </span>
  );
}
