// The window before it ever heard from the host: keeps trying, and the page appears when it answers.
import { tryAgain } from '../events.ts';
import { queries, queryClient } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { CopyField } from '../ui/copy-field.tsx';
import { Screen } from './screen.tsx';

/** `silent`: nobody answered; otherwise the host answered with a problem. */
export function HostStopped({ silent }: { readonly silent: boolean }) {
  return (
    <Screen title={silent ? 'The host does not answer' : 'The host has a problem'}>
      <p>
        {silent
          ? 'This window keeps trying and comes back by itself. If the host is stopped, start it:'
          : 'Its log has the reason. This shows what it can tell about itself:'}
      </p>
      <CopyField what="command" value={silent ? 'tokentray serve' : 'tokentray doctor'} />
      <div>
        <Button
          onClick={() => {
            tryAgain();
            void queryClient.refetchQueries(queries.status);
          }}
        >
          Try now
        </Button>
      </div>
    </Screen>
  );
}
