// Makes a key and shows it once. The key lives in this component's state alone, in no query, mutation, storage or
// address, and is gone when the dialog closes.
import { type FormEvent, useId, useState } from 'react';
import type { NewKeyJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { problemAt, sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { LIVES } from '../../text/key-words.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ProofMissing, useProof } from '../proof/proof.ts';
import { ProofField } from '../proof/proof-field.tsx';
import { type Draft, EMPTY_DRAFT, KeyForm } from './key-form.tsx';
import { KeyShown } from './key-shown.tsx';

export interface NewKeyDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

export function NewKeyDialog({ open, onClose }: NewKeyDialogProps) {
  const form = useId();
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [unchosen, setUnchosen] = useState(false);
  const [made, setMade] = useState<NewKeyJson>();
  const proof = useProof();

  const close = (): void => {
    setDraft(EMPTY_DRAFT);
    setError(undefined);
    setUnchosen(false);
    setMade(undefined);
    proof.forget();
    onClose();
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const { name, right, chosen, life } = draft;
    const without = right !== 'admin' && chosen.length === 0;
    setUnchosen(without);
    if (without || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      const expires_in = LIVES.find(({ value }) => value === life)?.seconds;
      const connections = right === 'admin' ? [] : chosen;
      const fields = { name: name.trim(), rights: [right], connections, expires_in };
      setMade(await proof.before(() => api.addKey(fields)));
      void queryClient.invalidateQueries(queries.keys);
    } catch (problem) {
      if (!(problem instanceof ProofMissing)) setError(problem);
    } finally {
      setBusy(false);
    }
  };

  if (made !== undefined) {
    return (
      <Dialog
        open={open}
        stays
        onClose={close}
        title={`The key ${made.name}`}
        description="This is the only time it is shown. Keep it where the script reads it; a lost key is replaced by a new one."
        footer={
          <Button variant="primary" onClick={close}>
            Done
          </Button>
        }
      >
        <KeyShown made={made} />
      </Dialog>
    );
  }
  const atName = problemAt(error, 'name');
  const atConnections = unchosen
    ? 'Choose at least one connection, or all of a provider.'
    : problemAt(error, 'connections');
  const elsewhere = error !== undefined && atName === undefined && atConnections === undefined;
  return (
    <Dialog
      open={open}
      onClose={close}
      title="New key"
      footer={
        <>
          <Button variant="quiet" onClick={close}>
            Cancel
          </Button>
          <Button variant="primary" type="submit" form={form} busy={busy}>
            Make key
          </Button>
        </>
      }
    >
      <KeyForm
        id={form}
        draft={draft}
        onChange={(changes) => setDraft({ ...draft, ...changes })}
        onSubmit={submit}
        atName={atName}
        atConnections={atConnections}
        problem={elsewhere ? sentenceOf(error) : undefined}
      >
        <ProofField proof={proof} />
      </KeyForm>
    </Dialog>
  );
}
