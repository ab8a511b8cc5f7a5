// Over the view, while the host does not answer: what is shown may be old, and it comes back by itself.
import { hostLink, tryAgain } from './events.ts';
import styles from './host-banner.module.css';
import { useStore } from './store.ts';
import { Button } from './ui/button.tsx';

export function HostBanner() {
  const link = useStore(hostLink);
  return (
    <div className={styles.place} role="status">
      {link === 'down' && (
        <div className={styles.banner}>
          <p>
            The host has stopped answering. What you see may be old. Start it with{' '}
            <code>tokentray serve</code>; this window comes back by itself.
          </p>
          <Button onClick={tryAgain}>Try now</Button>
        </div>
      )}
    </div>
  );
}
