// A process that does one rotation with the real engine over the real SQLite, for faults below it (strace, limits). The
// provider is inside of it, so that every system call it makes is one of the rotation; its clock runs fast, so that what
// is tried again every few seconds comes in moments. `node one-rotation.ts VAULT KEY_FILE [SECONDS]`: with SECONDS it goes
// on for so long after a failure, as a host would. It prints what it did, each line by a system call of its own.
import { writeSync } from 'node:fs';
import { createEngine } from '../../core/create-engine.ts';
import type { Clock } from '../../core/ports.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { answered, FakeHttp } from './fake-http.ts';
import { createRecordingLog } from './recording-log.ts';
import { MemoryKeychain } from './vault-keychain.ts';

/** Two seconds become 40 ms. */
const FASTER = 50;
/** What the provider answers; the one before it is `R1`. */
export const R1 = 'refresh-acme-0';
export const R2 = 'refresh-R2';
export const NAME = 'acme/user0';

if (import.meta.main) {
  const [vaultPath = '', keyFile = '', seconds = '0'] = process.argv.slice(2);
  const say = (text: string) => writeSync(1, `${text}\n`);
  const clock: Clock = { ...systemClock, timer: (ms, fn) => systemClock.timer(ms / FASTER, fn) };
  const http = new FakeHttp(() => {
    say('sent');
    return answered(200, {
      access_token: 'access-2',
      token_type: 'Bearer',
      expires_in: 3_600,
      refresh_token: R2,
    });
  });
  const log = createRecordingLog();
  const engine = createEngine({
    ports: {
      clock,
      http,
      log,
      browser: { open: () => Promise.resolve() },
      keychain: new MemoryKeychain(),
      network: { online: () => true },
      links: { owner: () => Promise.resolve({ kind: 'none' }) },
      random: systemRandom,
    },
    vaultPath,
    ownerKey: 'tt_owner',
    redirectPort: () => 1,
    onStep: (step) => say(step),
  });
  engine.subscribe(({ event }) => event.type === 'connection' && say(`event ${event.action}`));
  await engine.vault.unlock({ kind: 'file', path: keyFile });
  const owner = engine.callers.identify('tt_owner')!;
  say('ready');
  const outcome = await engine.connections.refresh(owner, NAME).then(
    () => 'refreshed',
    (error: unknown) => `failed ${error instanceof Error && 'code' in error ? error.code : error}`,
  );
  say(outcome);
  const until = performance.now() + Number(seconds) * 1_000;
  const isRefreshed = () => engine.connections.show(owner, NAME).refreshed_at !== null;
  while (!isRefreshed() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  say(isRefreshed() ? 'stored' : 'not stored');
  for (const warning of engine.vault.warnings()) say(`warning ${warning}`);
  const doctor = await engine.doctor(owner);
  for (const { name, ok, detail } of doctor.checks) if (!ok) say(`doctor ${name}: ${detail}`);
  for (const { event } of log.entries) say(`log ${event}`);
  process.exit(0);
}
