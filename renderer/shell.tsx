// The frame around every view: where to go, what state the host and its vault are in, and the keys that work everywhere.
import type { StatusJson } from '../api/wire.ts';
import { BottomBar } from './navigation/bottom-bar.tsx';
import { RecoveryOffer } from './navigation/recovery-offer.tsx';
import { SideBar } from './navigation/side-bar.tsx';
import { UseHere } from './navigation/use-here.tsx';
import { type Route, useRoute } from './router.ts';
import { useFindKeys } from './search-focus.ts';
import styles from './shell.module.css';
import { layer } from './ui/layer.ts';
import { Activity } from './views/activity.tsx';
import { Calendar } from './views/calendar.tsx';
import { Connections } from './views/connections.tsx';
import { Decode } from './views/decode.tsx';
import { ProviderForm, Providers } from './views/providers.tsx';
import { Scripts } from './views/scripts.tsx';
import { Settings } from './views/settings.tsx';

export function Shell({ status }: { readonly status: StatusJson }) {
  const route = useRoute();
  useFindKeys();
  return (
    <div className={styles.shell}>
      <SideBar status={status} route={route} />
      <main className={styles.main} ref={layer}>
        {status.needs_review && <UseHere />}
        <div className={styles.view}>
          <View route={route} />
        </div>
      </main>
      <BottomBar route={route} />
      <RecoveryOffer />
    </div>
  );
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'connections':
      return <Connections id={route.id} />;
    case 'providers':
      return <Providers />;
    case 'new-provider':
      return <ProviderForm key="new" id={undefined} />;
    case 'provider':
      return <ProviderForm key={route.id} id={route.id} />;
    case 'calendar':
      return <Calendar />;
    case 'activity':
      return <Activity />;
    case 'scripts':
      return <Scripts />;
    case 'settings':
      return <Settings />;
    case 'decode':
      return <Decode />;
  }
}
