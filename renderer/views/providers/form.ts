// The state of the provider form: the draft, what is wrong with it, and how a field changes it. The client secret is not
// in it: it stays in its input until it is sent.
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { Draft, DraftField } from './draft.ts';
import { type Mistakes, missing, mistakeOf } from './mistakes.ts';

export interface ProviderFormState {
  readonly draft: Draft;
  readonly mistakes: Mistakes;
  /** The port of a fixed redirect address. */
  readonly redirectPort: number;
  set<Field extends DraftField>(field: Field, value: Draft[Field]): void;
  merge(changes: Partial<Draft>): void;
}

export interface FormControl extends ProviderFormState {
  readonly form: RefObject<HTMLFormElement | null>;
  replace(draft: Draft): void;
  /** True when nothing is plainly missing. */
  ready(): boolean;
  refused(error: unknown): void;
  /** Shows mistakes that were found here. */
  say(found: Mistakes): void;
}

export function useProviderForm(initial: Draft, redirectPort: number): FormControl {
  const [draft, setDraft] = useState(initial);
  const [mistakes, setMistakes] = useState<Mistakes>({});
  // Counts the refusals: each takes the focus to the first mistake; mending one does not.
  const [refusals, setRefusals] = useState(0);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [refusals]);

  const show = (found: Mistakes): void => {
    setMistakes(found);
    setRefusals((before) => before + 1);
  };
  const merge = (changes: Partial<Draft>): void => {
    setDraft((now) => ({ ...now, ...changes }));
    // Another way is another form; otherwise a sentence goes when its field is changed.
    setMistakes((now) =>
      'way' in changes
        ? {}
        : Object.fromEntries(Object.entries(now).filter(([field]) => !(field in changes))),
    );
  };
  return {
    draft,
    mistakes,
    redirectPort,
    form,
    merge,
    set: (field, value) => merge({ [field]: value }),
    replace: (next) => {
      setDraft(next);
      setMistakes({});
    },
    ready: () => {
      const found = missing(draft);
      const right = Object.keys(found).length === 0;
      if (right) setMistakes(found);
      else show(found);
      return right;
    },
    say: show,
    refused: (error) => show(mistakeOf(error, draft)),
  };
}
