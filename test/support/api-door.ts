// The handler over an engine double, asked as a script asks: method, path, key, body.

import { z } from 'zod';
import type { DesktopControls } from '../../api/desktop-controls.ts';
import type { Door } from '../../api/guard.ts';
import { createHandler } from '../../api/handle.ts';
import { Sessions } from '../../core/access/sessions.ts';
import { systemRandom } from '../../host/random.ts';
import { type EngineDouble, engineDouble, KEYS } from './engine-double.ts';
import { FakeClock } from './fake-clock.ts';
import { hostDouble } from './host-double.ts';
import { createRecordingLog, type RecordingLog } from './recording-log.ts';

export interface Ask {
  readonly key?: string | undefined;
  readonly json?: unknown;
  /** Sent as it is, with this type unless headers say another. */
  readonly text?: string | ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly door?: Door;
  readonly signal?: AbortSignal;
}

export interface ApiDoor {
  readonly double: EngineDouble;
  readonly clock: FakeClock;
  readonly log: RecordingLog;
  readonly sessions: Sessions;
  /** `GET /v1/status`. The admin key unless another is given; `key: undefined` sends none. */
  ask(line: string, options?: Ask): Promise<Response>;
}

/** `desktop`: of a host with a tray. */
export function apiDoor(desktop?: DesktopControls): ApiDoor {
  const double = engineDouble();
  const clock = new FakeClock();
  const log = createRecordingLog();
  const sessions = new Sessions(clock, systemRandom);
  const handle = createHandler({
    engine: double.engine,
    host: { ...hostDouble(), ...(desktop === undefined ? {} : { desktop }) },
    sessions,
    log,
    clock,
  });
  return {
    double,
    clock,
    log,
    sessions,
    async ask(line, options = {}) {
      const space = line.indexOf(' ');
      const key = 'key' in options ? options.key : KEYS.admin;
      const body = options.text ?? (options.json === undefined ? undefined : JSON.stringify(options.json));
      const request = new Request(
        `${options.door === 'window' ? 'tokentray-ui://app' : 'http://127.0.0.1:9595'}${line.slice(space + 1)}`,
        {
          method: line.slice(0, space),
          headers: {
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...options.headers,
          },
          ...(body === undefined ? {} : { body, duplex: 'half' }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
      );
      return handle(request, options.door ?? 'tcp');
    },
  };
}

const fields = z.record(z.string(), z.unknown());

/** The JSON object in an answer. */
export async function fieldsOf(response: Response): Promise<Record<string, unknown>> {
  return fields.parse(await response.json());
}
