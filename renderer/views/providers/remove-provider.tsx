// Removes a provider, asked for twice. One that has connections stays: the host says which to remove first.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { ProviderJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { navigate } from '../../router.ts';
import { AlertDialog } from '../../ui/alert-dialog.tsx';
import { Button } from '../../ui/button.tsx';
import { notify } from '../../ui/toast.tsx';

export function RemoveProvider({ provider: { id, name } }: { readonly provider: ProviderJson }) {
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.removeProvider(id),
    onSuccess: () => {
      navigate('/providers', { replace: true });
      queryClient.setQueryData(queries.providers.queryKey, (list) => list?.filter((one) => one.id !== id));
      notify({ title: `${name} is removed.` });
    },
  });
  return (
    <>
      <Button
        variant="danger"
        onClick={() => {
          remove.reset();
          setAsking(true);
        }}
      >
        Remove
      </Button>
      <AlertDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Remove ${name}?`}
        description="Its client ID, secret and settings are deleted here. Nothing changes at the provider. This cannot be undone."
        confirm="Remove"
        onConfirm={() => remove.mutate()}
        busy={remove.isPending}
        error={remove.error === null ? undefined : sentenceOf(remove.error)}
      />
    </>
  );
}
