// Reads the event stream of a running host over a real socket, as its bytes come.
import { request } from 'node:http';
import { inTime } from './in-time.ts';
import type { RunningHost } from './running-host.ts';

export interface ReadEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it expects, and fails on the others by itself.
  readonly data: any;
}

export interface EventReader {
  readonly status: number;
  /** Every byte so far. */
  text(): string;
  /** Complete events so far, without comments. */
  events(): ReadEvent[];
  /** Resolves when an event fits; fails after five seconds. */
  until(what: string, fits: (event: ReadEvent) => boolean): Promise<ReadEvent>;
  /** Resolves when the host has ended the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

export interface ReadOptions {
  readonly key?: string;
  readonly after?: string;
  readonly door?: 'tcp' | 'socket';
}

/** Resolves when the first bytes are there. */
export function readEvents(host: RunningHost, options: ReadOptions = {}): Promise<EventReader> {
  const { key = host.ownerKey, after, door = 'tcp' } = options;
  const where =
    door === 'socket'
      ? { socketPath: host.socketPath, headers: { host: 'localhost' } }
      : { hostname: '127.0.0.1', port: new URL(host.url).port, headers: {} };
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const opening = new Promise<EventReader>((resolve, reject) => {
    const asked = request({
      ...where,
      path: '/v1/events',
      agent: false,
      headers: {
        ...where.headers,
        authorization: `Bearer ${key}`,
        ...(after === undefined ? {} : { 'last-event-id': after }),
      },
    });
    asked.once('error', reject);
    asked.once('response', (response) => {
      let text = '';
      const looking = new Set<() => void>();
      const events = () => text.split('\n\n').slice(0, -1).flatMap(parse);
      const reader: EventReader = {
        status: response.statusCode ?? 0,
        text: () => text,
        events,
        until: (what, fits) =>
          inTime(
            what,
            new Promise((found) => {
              const look = () => {
                const event = events().find(fits);
                if (event === undefined) return;
                looking.delete(look);
                found(event);
              };
              looking.add(look);
              look();
            }),
          ),
        ended,
        close: () => response.destroy(),
      };
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        for (const look of looking) look();
        resolve(reader);
      });
      response.once('close', end);
      // Being closed by the test is an error to the response, and the end to everybody else.
      response.on('error', () => end());
    });
    asked.end();
  });
  return inTime('the first bytes of the stream', opening);
}

function parse(block: string): ReadEvent[] {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field('data');
  return data === undefined ? [] : [{ id: field('id'), event: field('event'), data: JSON.parse(data) }];
}
