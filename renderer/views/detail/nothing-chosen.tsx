// The place of the detail while no connection is chosen: the keys that work here.
import { Kbd } from '../../ui/kbd.tsx';
import { Link } from '../../ui/link.tsx';
import styles from './nothing-chosen.module.css';

const KEYS = [
  ['/', 'finds'],
  ['↑ ↓', 'move'],
  ['Enter', 'opens'],
  ['c', 'copies the token'],
] as const;

/** `missing`: the address names a connection that is not there. */
export function NothingChosen({ missing }: { readonly missing: boolean }) {
  return (
    <div className={styles.nothing}>
      {missing && <h1 className="silent">Connection</h1>}
      {missing ? (
        <p>
          There is no such connection any more. <Link to="/">Show the list</Link>
        </p>
      ) : (
        <>
          <p>Choose a connection to see the life of its token.</p>
          <ul className={styles.keys}>
            {KEYS.map(([key, what]) => (
              <li key={key} className={styles.key}>
                <Kbd>{key}</Kbd> {what}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
