// The vault was copied, restored or put back: the person says that it is used here, after being told what that means.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api.ts';
import { catchUp } from '../event-effects.ts';
import { sentenceOf } from '../problem.ts';
import { AlertDialog } from '../ui/alert-dialog.tsx';
import { Button } from '../ui/button.tsx';

export function UseHere() {
  const [asking, setAsking] = useState(false);
  const use = useMutation({
    mutationFn: () => api.acceptVault(),
    onSuccess: () => {
      setAsking(false);
      catchUp();
    },
  });
  return (
    <>
      <Button onClick={() => setAsking(true)}>Use this vault here</Button>
      <AlertDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Is this the only place where this vault is used?"
        description="If another machine or copy still uses it, both lose their logins: many providers end a grant when an old token comes back."
        confirm="Use it here"
        busy={use.isPending}
        onConfirm={() => use.mutate()}
        error={use.error === null ? undefined : sentenceOf(use.error)}
      />
    </>
  );
}
