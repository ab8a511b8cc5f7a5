// What can be done with a connection: the strong button first, the rest in a menu, what ends it asked about once more.
import { useMutation } from '@tanstack/react-query';
import { Ellipsis } from 'lucide-react';
import { useState } from 'react';
import type { ConnectionJson } from '../../../api/wire.ts';
import { api, type CopyFormat } from '../../api.ts';
import { useNow } from '../../clock.ts';
import { connect, useConsent } from '../../consents.ts';
import { copyToken } from '../../copy-token.ts';
import { sentenceOf } from '../../problem.ts';
import { keepConnection } from '../../queries.ts';
import { navigate, paths } from '../../router.ts';
import { needsConsent } from '../../text/connection-words.ts';
import { Button } from '../../ui/button.tsx';
import { Menu } from '../../ui/menu.tsx';
import { notify } from '../../ui/toast.tsx';
import { PendingActions } from '../connections/pending-actions.tsx';
import styles from './detail-actions.module.css';
import { EndDialog } from './end-dialog.tsx';
import { RenameDialog } from './rename-dialog.tsx';

type Open = 'rename' | 'revoke' | 'remove' | undefined;

export function DetailActions({ connection }: { readonly connection: ConnectionJson }) {
  const now = useNow();
  const [open, setOpen] = useState<Open>();
  const { name, provider, account, consent, status, refreshable } = connection;
  const waiting = useConsent(consent);
  const reconnect = useMutation({ mutationFn: () => connect({ provider, account }) });
  const copy = useMutation({ mutationFn: (format: CopyFormat) => copyToken(connection, format) });
  const refresh = useMutation({
    mutationFn: () => api.refresh(name),
    onSuccess: (changed) => {
      keepConnection(changed);
      notify({ title: `Refreshed ${name}.` });
    },
    onError: (error) => notify({ title: sentenceOf(error), tone: 'bad' }),
  });
  const close = (): void => setOpen(undefined);
  const stale = needsConsent(connection, now);
  return (
    <div className={styles.actions}>
      {consent !== undefined && <PendingActions id={consent} url={waiting?.authorization_url} name={name} />}
      {consent === undefined && stale && (
        <Button variant="primary" busy={reconnect.isPending} onClick={() => reconnect.mutate()}>
          Reconnect
        </Button>
      )}
      {consent === undefined && !stale && (
        <>
          <Button
            variant="primary"
            busy={copy.isPending && copy.variables === 'token'}
            aria-keyshortcuts="c"
            onClick={() => copy.mutate('token')}
          >
            Copy token
          </Button>
          <Button busy={copy.isPending && copy.variables === 'header'} onClick={() => copy.mutate('header')}>
            Copy header
          </Button>
        </>
      )}
      <Menu
        label={<Ellipsis size={16} aria-hidden="true" />}
        name="More"
        items={[
          {
            label: 'Refresh now',
            disabled: !refreshable || stale || refresh.isPending,
            onSelect: () => refresh.mutate(),
          },
          { label: 'Reconnect', disabled: consent !== undefined, onSelect: () => reconnect.mutate() },
          { label: 'Rename', onSelect: () => setOpen('rename') },
          { label: 'Edit the provider', onSelect: () => navigate(paths.provider(provider)) },
          'line',
          {
            label: 'Revoke',
            tone: 'bad',
            disabled: status === 'revoked' || status === 'needs_consent',
            onSelect: () => setOpen('revoke'),
          },
          { label: 'Remove', tone: 'bad', onSelect: () => setOpen('remove') },
        ]}
      />
      <RenameDialog open={open === 'rename'} onClose={close} connection={connection} />
      <EndDialog open={open === 'revoke'} onClose={close} connection={connection} how="revoke" />
      <EndDialog open={open === 'remove'} onClose={close} connection={connection} how="remove" />
    </div>
  );
}
