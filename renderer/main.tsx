// Starts the window: theme, session, then the page. The event stream runs for as long as the session does, and when that
// ends nothing of what was known stays.
import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './theme.css';
import { askSession, exchangeCode } from './api.ts';
import { App } from './app.tsx';
import { watchAttendance } from './attendance.ts';
import { consentsQuery } from './consents.ts';
import { followEvents } from './events.ts';
import { queries, queryClient } from './queries.ts';
import { beginSession, sessionState, watchForNewLink } from './session.ts';
import { applyStoredTheme } from './theme.ts';
import { closeNotices, Notices } from './ui/toast.tsx';

applyStoredTheme();
watchForNewLink();
await beginSession(exchangeCode, askSession);

if (sessionState.get().status === 'open') {
  void askAhead();
  const page = new AbortController();
  addEventListener('pagehide', () => page.abort());
  // A page that comes back from the browser's memory starts anew: its stream is gone.
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
  void followEvents(page.signal);
  watchAttendance(() => void queryClient.refetchQueries(queries.status));
}

sessionState.subscribe(() => {
  if (sessionState.get().status === 'open') return;
  closeNotices();
  queryClient.clear();
});

/** What nearly every view begins with, asked for while the page is still being made. */
async function askAhead(): Promise<void> {
  await queryClient.prefetchQuery(queries.status);
  if (queryClient.getQueryData(queries.status.queryKey)?.state !== 'open') return;
  void queryClient.prefetchQuery(queries.connections);
  void queryClient.prefetchQuery(consentsQuery);
}

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id root.');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <CSPProvider disableStyleElements>
        <App />
        <Notices />
      </CSPProvider>
    </QueryClientProvider>
  </StrictMode>,
);
