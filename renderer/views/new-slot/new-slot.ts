// The state of the form that makes a way to open the vault: at set-up the first one, later another. What is typed is read
// from its fields when it is sent, and kept nowhere.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type RefObject, useRef, useState } from 'react';
import type { SlotJson } from '../../../api/wire.ts';
import { api, type SlotRequest } from '../../api.ts';
import { problemAt, sentenceOf } from '../../problem.ts';
import { type Proof, ProofMissing, useProof } from '../proof/proof.ts';

export type SlotKind = SlotRequest['kind'];

export interface NewSlot {
  readonly form: RefObject<HTMLFormElement | null>;
  readonly kind: SlotKind;
  readonly busy: boolean;
  /** The second passphrase is another one. */
  readonly mismatch: string | undefined;
  /** What is wrong with the passphrase or the path. */
  readonly atField: string | undefined;
  /** A mistake that belongs to no field. */
  readonly problem: string | undefined;
  readonly proof: Proof;
  choose(kind: SlotKind): void;
  submit(event: FormEvent<HTMLFormElement>): void;
}

export function useNewSlot(onAdded: (slot: SlotJson) => void): NewSlot {
  const [kind, setKind] = useState<SlotKind>('passphrase');
  const [mismatch, setMismatch] = useState<string>();
  const proof = useProof();
  const form = useRef<HTMLFormElement>(null);
  const focusOn = (names: string): void => form.current?.querySelector<HTMLInputElement>(names)?.focus();
  const add = useMutation({
    // Read here and not given as a variable, which the cache of mutations would keep.
    mutationFn: () => {
      const request = requestOf(kind, new FormData(form.current ?? undefined));
      return proof.before(() => api.addSlot(request));
    },
    onSuccess: onAdded,
    onSettled: (_slot, error) => {
      // What was typed is right: only who typed it is not sure.
      if (error instanceof ProofMissing) return;
      if (error !== null) focusOn('[name=passphrase], [name=path]');
      for (const input of form.current?.querySelectorAll<HTMLInputElement>('[type=password]') ?? [])
        input.value = '';
    },
  });
  const error = add.error instanceof ProofMissing ? null : add.error;
  const atField = problemAt(error, kind === 'file' ? 'path' : 'passphrase');
  return {
    form,
    kind,
    busy: add.isPending,
    mismatch,
    atField,
    problem: error === null || atField !== undefined ? undefined : sentenceOf(error),
    proof,
    choose(next) {
      setKind(next);
      setMismatch(undefined);
      add.reset();
    },
    submit(event) {
      event.preventDefault();
      const data = new FormData(event.currentTarget);
      const differ = kind === 'passphrase' && data.get('passphrase') !== data.get('again');
      setMismatch(differ ? 'The two passphrases differ. Type the same one twice.' : undefined);
      if (differ) focusOn('[name=again]');
      else if (!add.isPending) add.mutate();
    },
  };
}

function requestOf(kind: SlotKind, data: FormData): SlotRequest {
  const text = (name: string): string => String(data.get(name) ?? '');
  switch (kind) {
    case 'passphrase':
      return { kind, passphrase: text('passphrase') };
    case 'file':
      return { kind, path: text('path').trim() };
    case 'keychain':
      return { kind };
  }
}
