// The places of a narrow window, within reach of a thumb; what is used rarely is behind More.
import { Ellipsis } from 'lucide-react';
import { navigate, type Route } from '../router.ts';
import { Link } from '../ui/link.tsx';
import { Menu } from '../ui/menu.tsx';
import styles from './bottom-bar.module.css';
import { useLock } from './host-state.tsx';
import { isHere, PLACES } from './places.ts';

const ALWAYS = [PLACES.connections, PLACES.calendar, PLACES.activity, PLACES.scripts];
const REST = [PLACES.providers, PLACES.decode, PLACES.settings];

export function BottomBar({ route }: { readonly route: Route }) {
  const lock = useLock();
  return (
    <nav className={styles.bar} aria-label="Places">
      {ALWAYS.map((place) => (
        <Link
          key={place.path}
          to={place.path}
          className={styles.place}
          aria-current={isHere(place, route) ? 'page' : undefined}
        >
          <place.icon size={18} aria-hidden="true" />
          {place.name}
        </Link>
      ))}
      <div className={styles.more} data-here={REST.some((place) => isHere(place, route)) || undefined}>
        <Menu
          label={<Ellipsis size={18} aria-hidden="true" />}
          name="More"
          items={[
            ...REST.map(({ name, path }) => ({ label: name, onSelect: () => navigate(path) })),
            'line',
            { label: 'Lock', onSelect: () => lock.mutate() },
          ]}
        />
      </div>
    </nav>
  );
}
