// What happened, as server-sent events: a reader sees its own names only, a reader that comes back gets what it missed,
// and one that does not read is let go. Ends at once when the key behind it is removed (promise 122), and with its life.
import type { Engine } from '../core/engine.ts';
import { LIMITS } from '../core/limits.ts';
import type { Caller } from '../core/model/caller.ts';
import type { SequencedEvent } from '../core/model/event.ts';
import type { Clock } from '../core/ports.ts';
import { badRequest, SAFE_HEADERS } from './problem.ts';
import { route } from './route.ts';
import { timeJson } from './to-wire.ts';

const STREAM_HEADERS = { 'Content-Type': 'text/event-stream', ...SAFE_HEADERS } as const;
const RESET = 'event: reset\ndata: {}\n\n';

export const eventRoutes = {
  'GET /v1/events': route('GET /v1/events', {
    summary: 'What happens, as it happens; Last-Event-ID replays what was missed',
    answer: 'Events',
    handle: ({ engine, clock, host, caller, session, request }) => {
      const stopping =
        session === undefined ? host.stopping : AbortSignal.any([host.stopping, session.ended]);
      return new Response(eventStream({ engine, clock, stopping }, caller, lastEventId(request)), {
        headers: STREAM_HEADERS,
      });
    },
  }),
};

/** HTML standard 9.2.4: the id of the last event a reader saw. Ours are numbers. */
function lastEventId(request: Request): number | undefined {
  const given = request.headers.get('last-event-id');
  if (given === null || given === '') return undefined;
  if (!/^\d{1,15}$/.test(given)) {
    throw badRequest('The Last-Event-ID header must be the id of an event. Leave it out to start from now.', {
      field: 'Last-Event-ID',
    });
  }
  return Number(given);
}

/** The stream of one reader. Its queue is as long as the replay: who falls further behind is closed and comes back. */
function eventStream(
  { engine, clock, stopping }: { engine: Engine; clock: Clock; stopping: AbortSignal },
  caller: Caller,
  after: number | undefined,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop = (): void => undefined;

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let open = true;
        let missed: string[] | undefined = [];
        let cancelBeat = (): void => undefined;

        const send = (text: string): void => {
          if (!open) return;
          // An expiry is no event: it is found out when there is something to tell, or at the next beat.
          const valid = engine.callers.isValid(caller);
          if (valid) controller.enqueue(encoder.encode(text));
          if (!valid || (controller.desiredSize ?? 0) <= 0) end();
        };
        const end = (): void => {
          if (!open) return;
          stop();
          controller.close();
        };
        const beat = (): void => {
          cancelBeat = clock.timer(LIMITS.eventHeartbeatMs, () => {
            send(': beat\n\n');
            if (open) beat();
          });
        };
        const listener = (entry: SequencedEvent): void => {
          if (!open) return;
          const text = mayRead(engine, caller, entry) ? frame(entry) : '';
          if (missed !== undefined) {
            missed.push(text);
            return;
          }
          if (text !== '') send(text);
          // Not in a replay: the key is valid now, whatever became of an older one by that name.
          if (isEnd(caller, entry)) end();
        };

        const { gap, unsubscribe } = engine.subscribe(listener, after);
        stop = () => {
          open = false;
          unsubscribe();
          cancelBeat();
          stopping.removeEventListener('abort', end);
        };
        // The replay comes during subscribe, before the gap is known: it is sent as one piece, after the reset.
        const first = `: ok\n\n${gap ? RESET : ''}${missed.join('')}`;
        missed = undefined;
        send(first);
        if (open) beat();
        if (stopping.aborted) end();
        else stopping.addEventListener('abort', end);
      },
      cancel() {
        stop();
      },
    },
    { highWaterMark: LIMITS.eventReplay },
  );
}

/** While the vault is not open, only its own changes and the desktop's are told, whoever asks. */
function mayRead(engine: Engine, caller: Caller, { event }: SequencedEvent): boolean {
  if (event.type !== 'vault' && event.type !== 'desktop' && engine.state() !== 'open') return false;
  return engine.mayRead(caller, event);
}

function isEnd(caller: Caller, { event }: SequencedEvent): boolean {
  return event.type === 'key' && event.action === 'removed' && event.name === caller.name;
}

function frame({ seq, at, event }: SequencedEvent): string {
  return `id: ${seq}\nevent: ${event.type}\ndata: ${JSON.stringify({ seq, at: timeJson(at), ...event })}\n\n`;
}
