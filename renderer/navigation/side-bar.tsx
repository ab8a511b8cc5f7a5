// The side of a wide window: places on top, the host and its vault below.
import { useQuery } from '@tanstack/react-query';
import type { StatusJson } from '../../api/wire.ts';
import { queries } from '../queries.ts';
import type { Route } from '../router.ts';
import { Link } from '../ui/link.tsx';
import { HostState } from './host-state.tsx';
import { KeyMark } from './key-mark.tsx';
import { isHere, PLACES, type Place } from './places.ts';
import styles from './side-bar.module.css';

export interface SideBarProps {
  readonly status: StatusJson;
  readonly route: Route;
}

export function SideBar({ status, route }: SideBarProps) {
  const { data: connections } = useQuery(queries.connections);
  return (
    <header className={styles.side}>
      <p className={styles.brand}>
        <KeyMark /> Tokentray
      </p>
      <nav aria-label="Views">
        <ul className={styles.places}>
          {Object.values<Place>(PLACES).map((place) => (
            <li key={place.path}>
              <Link
                to={place.path}
                className={styles.place}
                aria-current={isHere(place, route) ? 'page' : undefined}
              >
                {place.name}
                {place.path === '/' && connections !== undefined && connections.length > 0 && (
                  <span className={styles.count}>{connections.length}</span>
                )}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <HostState status={status} />
    </header>
  );
}
