// The providers, one a row: open it to change it, or connect an account.
import { Plug } from 'lucide-react';
import type { ProviderJson } from '../../../api/wire.ts';
import { connect } from '../../consents.ts';
import { navigate, paths } from '../../router.ts';
import { Button } from '../../ui/button.tsx';
import { ButtonLink } from '../../ui/button-link.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Link } from '../../ui/link.tsx';
import { Tile } from '../../ui/tile.tsx';
import { connectionsOf } from './facts.tsx';
import styles from './provider-list.module.css';

export function ProviderList({ providers }: { readonly providers: readonly ProviderJson[] }) {
  if (providers.length === 0) return <NoProviders />;
  return (
    <ul className={styles.list}>
      {providers.map((provider) => (
        <li key={provider.id} className={styles.row}>
          <Tile name={provider.name} />
          <div className={styles.text}>
            <p className={styles.first}>
              <Link to={paths.provider(provider.id)} className={styles.name}>
                {provider.name}
              </Link>
              <code className={styles.id}>{provider.id}</code>
            </p>
            <p className={styles.about}>
              {connectionsOf(provider)}, {hostOf(provider)}
              {provider.pkce === 'off' && <span className={styles.warning}>, PKCE is off</span>}
            </p>
          </div>
          <Button
            className={styles.connect}
            aria-label={`Connect ${provider.name}`}
            onClick={async () => {
              if ((await connect({ provider: provider.id })) !== undefined) navigate('/');
            }}
          >
            Connect
          </Button>
        </li>
      ))}
    </ul>
  );
}

function NoProviders() {
  return (
    <EmptyState
      icon={<Plug size={28} />}
      title="No providers yet"
      actions={
        <ButtonLink variant="primary" to="/providers/new">
          Add provider
        </ButtonLink>
      }
    >
      <p>
        A provider is where you sign in, and the client that you registered there. Add one, then connect
        accounts at it.
      </p>
    </EmptyState>
  );
}

function hostOf({ authorization_endpoint }: ProviderJson): string {
  return new URL(authorization_endpoint).host;
}
