// A real host as a process that is meant to be hurt: it loads everything, waits for `start` on its standard input, so
// that the next one is there the moment the last one was killed, and then runs over the home it is given. What it did is
// written to a journal with the system's own writes, which outlive a SIGKILL. `node victim-host.ts OPTIONS_AS_JSON`.

import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HttpPort } from '../../core/ports.ts';
import type { RotationStep } from '../../core/refresh/rotation.ts';
import { createHttp } from '../../host/fetch.ts';
import { startHost } from '../../host/start.ts';

export interface VictimOptions {
  readonly home: string;
  readonly keyFile: string;
  /** Where the journal goes; outside of the home. */
  readonly journal: string;
  /** At the end of this step, the `turn`th time it is reached (from 1), the process does this to itself. */
  readonly at?: {
    readonly step: RotationStep;
    readonly turn: number;
    readonly what: 'SIGKILL' | 'SIGTERM' | 'heap';
  };
}

/** A line of the journal; `t` in milliseconds of this process. */
export type JournalLine =
  | { readonly t: number; readonly step: RotationStep; readonly id: string }
  /** An answer of a token endpoint has arrived whole. */
  | { readonly t: number; readonly sent: string; readonly got: string | null }
  | { readonly t: number; readonly started: number };

/** What it says on its standard output when it runs. */
export interface VictimReady {
  readonly url: string;
  readonly socket: string;
}

const options: VictimOptions = JSON.parse(process.argv[2] ?? '');
const journal = openSync(options.journal, 'a', 0o600);
const note = (line: object) => writeSync(journal, `${JSON.stringify({ t: performance.now(), ...line })}\n`);

const real = createHttp({ env: {} });
const http: HttpPort = {
  async send(request) {
    const outcome = await real.send(request);
    if (outcome.kind === 'answered' && request.url.pathname === '/token') {
      const sent = new URLSearchParams(request.body ?? '').get('refresh_token');
      note({ sent, got: refreshTokenIn(outcome.response.body) });
    }
    return outcome;
  },
};

let turn = 0;
function onStep(step: RotationStep, id: string): void {
  note({ step, id });
  const { at } = options;
  if (at === undefined || at.step !== step) return;
  turn += 1;
  if (turn !== at.turn) return;
  if (at.what === 'heap') fillHeap();
  process.kill(process.pid, at.what as NodeJS.Signals);
}

/** Until V8 gives up. */
function fillHeap(): never {
  const kept: object[] = [];
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
}

function refreshTokenIn(body: Uint8Array): string | null {
  try {
    const { refresh_token: token } = JSON.parse(Buffer.from(body).toString());
    return typeof token === 'string' ? token : null;
  } catch {
    // A page in the place of an answer: there is no token in it.
    return null;
  }
}

const lines = createInterface({ input: process.stdin });
process.stdout.write('loaded\n');
await once(lines, 'line');
const host = await startHost({
  env: {
    PATH: process.env.PATH,
    HOME: options.home,
    TOKENTRAY_HOME: options.home,
    TOKENTRAY_KEY_SOURCE: 'file',
    TOKENTRAY_KEY_FILE: options.keyFile,
  },
  port: 0,
  sandbox: false,
  sandboxScript: '',
  windowDirectory: join(options.home, 'no-window'),
  version: '0.0.0-test',
  ports: { http },
  onStep,
}).catch((error: unknown) => {
  const code = error instanceof Error && 'code' in error ? error.code : 'failed';
  process.stdout.write(`${JSON.stringify({ refused: code, detail: String(error) })}\n`);
  process.exit(1);
});
note({ started: process.pid });
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void host.close().then(() => process.exit(0)));
process.stdout.write(
  `${JSON.stringify({ url: host.url ?? '', socket: host.paths.socket } satisfies VictimReady)}\n`,
);
