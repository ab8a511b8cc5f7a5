// What was saved a moment ago, said beside the buttons of the form: a notice would lie over them.
import { createStore } from '../../store.ts';

export interface SavedNote {
  readonly provider: string;
  readonly sentence: string;
}

/** Left by the form that saved; gone with the next change, or when the form is left. */
export const savedNote = createStore<SavedNote | undefined>(undefined);
