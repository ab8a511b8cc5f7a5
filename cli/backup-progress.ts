// How far a backup is, on the terminal, for those that take more than a second.
import { route } from './client.ts';
import { readEvents } from './event-stream.ts';
import type { Session } from './session.ts';

/** Before that nobody has begun to wonder. */
const PATIENCE_MS = 1_000;

/** Runs `work`. What goes wrong with the showing is not told: the work is what matters. */
export async function showingProgress<T>({ out, host }: Session, work: () => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const timer = setTimeout(() => {
    out.progress('Copying the vault …');
    follow().catch(() => ended.abort());
  }, PATIENCE_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    ended.abort();
    out.progress('');
  }

  async function follow(): Promise<void> {
    const response = await host.stream(route('events'), { accept: 'text/event-stream' }, ended.signal);
    response.setEncoding('utf8');
    for await (const { type, data } of readEvents(response)) {
      const percent = type === 'file' ? /"percent":(\d+)/.exec(data)?.[1] : undefined;
      if (percent !== undefined && !ended.signal.aborted) out.progress(`Copying the vault: ${percent} %`);
    }
  }
}
