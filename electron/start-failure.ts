// The end of a start that cannot be: said where a person can see it, then over.
import { app, dialog } from 'electron';
import { TokentrayError } from '../core/errors.ts';

/** Sentences of ours are shown; of anything else only that it happened. */
export function failToStart(error: unknown): void {
  const known = error instanceof TokentrayError;
  const sentence = known ? error.message : 'Something unexpected went wrong at the start.';
  process.stderr.write(`${sentence}\n`);
  dialog.showErrorBox('Tokentray did not start', sentence);
  app.exit(1);
}
