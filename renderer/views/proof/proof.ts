// Who sits there, asked again some minutes after the login before somebody else is let in: a key, a way to open the vault.
// What is typed is read when it is sent, and kept nowhere.
import { type RefObject, useRef, useState } from 'react';
import { api } from '../../api.ts';
import { HostProblem, sentenceOf } from '../../problem.ts';

export interface Proof {
  /** The host asks for it: the field is shown. */
  readonly wanted: boolean;
  readonly input: RefObject<HTMLInputElement | null>;
  /** What is wrong with what was typed. */
  readonly mistake: string | undefined;
  /** Sends, with the proof first where it is wanted. Throws `ProofMissing`, or what the sending throws. */
  before<Answer>(send: () => Promise<Answer>): Promise<Answer>;
  /** Nobody is asked any more: the form was left. */
  forget(): void;
}

/** Nothing went wrong with the form itself: its field for the proof says what to do. */
export class ProofMissing extends Error {}

export function useProof(): Proof {
  const [wanted, setWanted] = useState(false);
  const [mistake, setMistake] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  return {
    wanted,
    input,
    mistake,
    async before(send) {
      if (wanted) {
        const wrong = await prove(input.current);
        setMistake(wrong);
        if (wrong !== undefined) {
          input.current?.focus();
          throw new ProofMissing();
        }
        setWanted(false);
      }
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof HostProblem) || error.code !== 'proof_needed') throw error;
        setWanted(true);
        throw new ProofMissing();
      }
    },
    forget() {
      setWanted(false);
      setMistake(undefined);
    },
  };
}

/** Returns what is wrong, if anything is. */
async function prove(input: HTMLInputElement | null): Promise<string | undefined> {
  const typed = input?.value.trim() ?? '';
  if (input === null || typed === '') return 'Enter it to go on.';
  const code = /#code=([\w-]+)/.exec(typed)?.[1] ?? typed;
  input.value = '';
  try {
    await api.prove(input.type === 'password' ? { passphrase: typed } : { code });
    return undefined;
  } catch (error) {
    return sentenceOf(error);
  }
}
