// What is said about a start that cannot be. Pure. Sentences of ours are shown; of anything else only that it happened and
// where in the program, because the words of a stranger may hold anything.
import { TokentrayError } from '../core/errors.ts';

const WITHOUT_TRAY =
  'It runs without a tray. Its window opens with: tokentray open. To have the tray, end that host (Ctrl+C where it was started, or its service), then start Tokentray again.';

export function failureSentence(error: unknown): string {
  if (!(error instanceof TokentrayError))
    return 'Something unexpected went wrong at the start. Start it in a terminal to see where.';
  // A second tray never comes so far: the first one has been asked to show its window.
  return error.code === 'host_running' ? `${error.message} ${WITHOUT_TRAY}` : error.message;
}

/** For the terminal: kind and place of an error that is not ours; undefined for one that is. */
export function failurePlace(error: unknown): string | undefined {
  if (error instanceof TokentrayError) return undefined;
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [error.name, ...frames].join('\n');
}
