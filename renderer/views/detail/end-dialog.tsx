// Asks before a grant is revoked or a connection removed; neither can be undone. When the provider does not confirm the
// revocation, a connection can still be removed.
import { useMutation } from '@tanstack/react-query';
import type { ConnectionJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { HostProblem, sentenceOf } from '../../problem.ts';
import { dropConnection, keepConnection } from '../../queries.ts';
import { navigate } from '../../router.ts';
import { AlertDialog } from '../../ui/alert-dialog.tsx';
import { notify } from '../../ui/toast.tsx';

export interface EndDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly connection: ConnectionJson;
  readonly how: 'revoke' | 'remove';
}

export function EndDialog({ open, onClose, connection, how }: EndDialogProps) {
  const { id, name, provider } = connection;
  const revoke = useMutation({
    mutationFn: () => api.revoke(name),
    onSuccess: (changed) => {
      keepConnection(changed);
      onClose();
      notify({ title: `Revoked ${name}.` });
    },
  });
  const remove = useMutation({
    mutationFn: (force: boolean) => api.remove(id, force),
    onSuccess: ({ revoked }) => {
      onClose();
      navigate('/', { replace: true });
      dropConnection(id);
      notify({ title: revoked ? `Removed ${name}; its grant is revoked.` : `Removed ${name}.` });
    },
  });
  const { error, isPending } = how === 'revoke' ? revoke : remove;
  const notRevoked = how === 'remove' && error instanceof HostProblem && isAboutProvider(error);
  return (
    <AlertDialog
      open={open}
      onClose={() => {
        revoke.reset();
        remove.reset();
        onClose();
      }}
      title={how === 'revoke' ? `Revoke ${name}?` : `Remove ${name}?`}
      description={
        how === 'revoke'
          ? `${provider} ends the grant, and scripts get no token of it any more. The connection stays here, and you can reconnect it.`
          : `The grant is revoked at ${provider} and its tokens are deleted here. Scripts get no token of it any more. This cannot be undone.`
      }
      confirm={how === 'revoke' ? 'Revoke' : notRevoked ? 'Remove anyway' : 'Remove'}
      busy={isPending}
      error={error === null ? undefined : sentenceOf(error)}
      onConfirm={() => (how === 'revoke' ? revoke.mutate() : remove.mutate(notRevoked))}
    />
  );
}

/** Only the revocation failed: the connection itself could go. */
function isAboutProvider({ code }: HostProblem): boolean {
  return code === 'revocation_failed' || code === 'offline' || code === 'provider_refused';
}
