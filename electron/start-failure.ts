// The end of a start that cannot be: said where a person can see it, then over.
import { app, dialog } from 'electron';
import { failurePlace, failureSentence } from './start-failure-text.ts';

export function failToStart(error: unknown): void {
  const sentence = failureSentence(error);
  const place = failurePlace(error);
  process.stderr.write(place === undefined ? `${sentence}\n` : `${sentence}\n${place}\n`);
  dialog.showErrorBox('Tokentray did not start', sentence);
  app.exit(1);
}
