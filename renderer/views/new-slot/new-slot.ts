// The state of the form that makes a way to open the vault: at set-up the first one, later another. What is typed is read
// from its fields when it is sent, and kept nowhere.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type RefObject, useRef, useState } from 'react';
import type { SlotJson } from '../../../api/wire.ts';
import { api, type SlotRequest } from '../../api.ts';
import { problemAt, sentenceOf } from '../../problem.ts';

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
  choose(kind: SlotKind): void;
  submit(event: FormEvent<HTMLFormElement>): void;
}

export function useNewSlot(onAdded: (slot: SlotJson) => void): NewSlot {
  const [kind, setKind] = useState<SlotKind>('passphrase');
  const [mismatch, setMismatch] = useState<string>();
  const form = useRef<HTMLFormElement>(null);
  const focusOn = (names: string): void => form.current?.querySelector<HTMLInputElement>(names)?.focus();
  const add = useMutation({
    // Read here and not given as a variable, which the cache of mutations would keep.
    mutationFn: () => api.addSlot(requestOf(kind, new FormData(form.current ?? undefined))),
    onSuccess: onAdded,
    onError: () => focusOn('[name=passphrase], [name=path]'),
    onSettled: () => {
      for (const input of form.current?.querySelectorAll<HTMLInputElement>('[type=password]') ?? [])
        input.value = '';
    },
  });
  const atField = problemAt(add.error, kind === 'file' ? 'path' : 'passphrase');
  return {
    form,
    kind,
    busy: add.isPending,
    mismatch,
    atField,
    problem: add.error === null || atField !== undefined ? undefined : sentenceOf(add.error),
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
