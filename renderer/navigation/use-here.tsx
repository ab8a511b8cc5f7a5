// The vault was copied, restored or put back, or connections were imported: the person says that they are used here, after
// being told what that means.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api.ts';
import { catchUp } from '../event-effects.ts';
import { sentenceOf } from '../problem.ts';
import { AlertDialog } from '../ui/alert-dialog.tsx';
import { Button } from '../ui/button.tsx';
import { Banner } from './banner.tsx';

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
    <Banner
      label="Needs review"
      text="Needs review: these logins may be used elsewhere too. None of them is refreshed until you say that they are used here only."
    >
      <Button onClick={() => setAsking(true)}>Use here</Button>
      <AlertDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Is this the only place where these logins are used?"
        description="If another machine or copy still uses them, both lose them: many providers end a grant when an old token comes back."
        confirm="Use it here"
        busy={use.isPending}
        onConfirm={() => use.mutate()}
        error={use.error === null ? undefined : sentenceOf(use.error)}
      />
    </Banner>
  );
}
