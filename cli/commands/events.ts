// `events`: follows what happens until interrupted, through restarts of the host.
import type { Command } from 'commander';
import { route } from '../client.ts';
import { readEvents, type StreamEvent } from '../event-stream.ts';
import { EXIT } from '../exit-codes.ts';
import { onInterrupt } from '../interrupt.ts';
import { examples } from '../options.ts';
import { CommandError } from '../problem.ts';
import type { Session } from '../session.ts';

/** First and longest pause before the next try; design: "back-off 1-15 s". */
const PAUSE_FIRST_MS = 1_000;
const PAUSE_LONGEST_MS = 15_000;

export function define(command: Command, session: Session): void {
  command
    .description(
      'Print what happens, a line each, until interrupted. With --json every line is one JSON document. When the host stops, waits for it to come back.',
    )
    .action(() => follow(session));
  examples(command, 'tokentray events', 'tokentray events --json | grep --line-buffered needs_consent');
}

async function follow(session: Session): Promise<never> {
  const { out } = session;
  const stop = new AbortController();
  onInterrupt(() => stop.abort());
  let lastId = '';
  let connected = false;
  let pause = PAUSE_FIRST_MS;
  for (;;) {
    try {
      const headers = { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) };
      const response = await session.host.stream(route('events'), headers, stop.signal);
      if (!connected) out.talk('Following events. Ctrl-C ends.');
      else out.talk('The host is back.');
      connected = true;
      pause = PAUSE_FIRST_MS;
      response.setEncoding('utf8');
      for await (const event of readEvents(response)) {
        if (event.id !== '') lastId = event.id;
        print(session, event);
      }
    } catch (error) {
      // Before the first connection every failure is the answer; later only those that waiting cannot mend.
      if (stop.signal.aborted || !connected || !isPassing(error)) throw error;
    }
    out.talk(`The host stopped. Trying again in ${pause / 1_000} s.`);
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, PAUSE_LONGEST_MS);
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof CommandError)) return true;
  return error.exit === EXIT.noHost || error.exit === EXIT.offline;
}

function print({ out }: Session, event: StreamEvent): void {
  if (event.type === 'reset') out.talk('Some events were missed.');
  const data = parse(event.data);
  if (data === undefined) return;
  if (out.json) {
    out.jsonLine({ type: event.type, ...data });
    return;
  }
  if (event.type === 'reset') return;
  const { at, action, status, state, code, ...rest } = data;
  const subject = rest.connection ?? rest.provider ?? rest.name ?? '';
  const words = [time(at), event.type, subject, action, state, status, code, rest.caller];
  // An action and the status it led to are often the same word.
  out.line([...new Set(words.filter((word) => typeof word === 'string' && word !== ''))].join('  '));
}

function time(at: unknown): string {
  return typeof at === 'string' && !Number.isNaN(Date.parse(at))
    ? new Date(at).toLocaleTimeString('sv')
    : '--:--:--';
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === 'object' && data !== null ? { ...data } : undefined;
  } catch {
    // An event of a newer host that this command cannot read: the stream goes on.
    return undefined;
  }
}
