// Which screen: the session first, then the host, then the vault, then the window itself.
import { useQuery } from '@tanstack/react-query';
import { HostBanner } from './host-banner.tsx';
import { HostUnreachable } from './problem.ts';
import { queries } from './queries.ts';
import { useRoute } from './router.ts';
import { sessionState } from './session.ts';
import { Shell } from './shell.tsx';
import { useStore } from './store.ts';
import { HostStopped } from './views/host-stopped.tsx';
import { LockScreen } from './views/lock-screen.tsx';
import { Picker, PickerKeys } from './views/picker.tsx';
import { SessionEnded } from './views/session-ended.tsx';
import { SetupScreen } from './views/setup-screen.tsx';
import { UnreadableScreen } from './views/unreadable-screen.tsx';
import { Waiting } from './views/waiting.tsx';

export function App() {
  const session = useStore(sessionState);
  return session.status === 'ended' ? <SessionEnded why={session.why} /> : <Opened />;
}

function Opened() {
  const route = useRoute();
  const { data: status, error } = useQuery(queries.status);
  if (status === undefined)
    return error === null ? <Waiting /> : <HostStopped silent={error instanceof HostUnreachable} />;
  return (
    <>
      {status.state === 'setup' && <SetupScreen />}
      {status.state === 'locked' && <LockScreen />}
      {status.state === 'unreadable' && <UnreadableScreen status={status} />}
      {status.state === 'open' && (route.view === 'picker' ? <Picker /> : <Shell status={status} />)}
      {route.view === 'picker' ? <PickerKeys /> : <HostBanner />}
    </>
  );
}
