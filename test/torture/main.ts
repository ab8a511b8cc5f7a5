// `npm run torture`, or `npm run torture -- storm` for one part: what `npm test` samples, in full. Prints figures; a broken
// promise is printed and ends it with exit code 1. Nothing but its own processes and temporary folders is touched.
import { callsOf, leftBy, rotationTemplate } from '../support/broken-rotation.ts';
import { cutPower, recordRotation } from '../support/power-loss.ts';
import { failRotation, killRotation } from '../support/rotation-verdicts.ts';
import { readVaultsElsewhere } from '../support/vault-rows.ts';
import { startHostsTogether } from './many-hosts.ts';
import { modelRuns } from './model.ts';
import { storm } from './storm.ts';

const KILLS = 500;
/** Some 5 000 refreshes in all. */
const ANSWERS = 20;
const STARTS = 100;
const MODEL_RUNS = 500;

const broken: string[] = [];
const print = (text: string) => process.stdout.write(`${text}\n`);

class Cleanups {
  readonly #steps: (() => unknown)[] = [];

  after(step: () => unknown): void {
    this.#steps.unshift(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0)) await step();
  }
}

async function tryEach<T>(cases: readonly T[], one: (value: T) => Promise<void>): Promise<void> {
  for (const value of cases) {
    try {
      await one(value);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      broken.push(text);
      print(`  BROKEN  ${text}`);
    }
  }
}

const PARTS: Readonly<Record<string, (t: Cleanups) => Promise<void>>> = {
  async storm(t) {
    const report = await storm(t, { kills: KILLS, answers: ANSWERS });
    print(`  kills                                     ${report.kills}`);
    print(`  rotations                                 ${report.rotations}`);
    print(`  tokens lost                               ${report.lost.length}`);
    print(
      `  answers lost with their host (in doubt)   ${report.inDoubt}, of which ${report.arrived} had arrived whole`,
    );
    print(`  last byte to commit, at most              ${report.longestMs.toFixed(1)} ms`);
    await tryEach([...report.lost, ...report.wrong], async (text) => {
      throw new Error(text);
    });
  },

  async writes(t) {
    const template = await rotationTemplate(t);
    const calls = await callsOf(template);
    await tryEach(calls, (call) => killRotation(template, call));
    const failures = calls.flatMap((call) =>
      (['EIO', 'ENOSPC'] as const).flatMap((error) =>
        // A sync has no reason to say that the disk is full.
        error === 'ENOSPC' && call.name.endsWith('sync')
          ? []
          : [false, true].map((forEver) => ({ call, error, forEver })),
      ),
    );
    await tryEach(failures, ({ call, error, forEver }) => failRotation(template, call, error, forEver));
    print(`  killed at each of ${calls.length} writes and syncs; ${failures.length} errors at them`);
  },

  async power(t) {
    const template = await rotationTemplate(t);
    const { states, moments } = cutPower(template, await recordRotation(template), true);
    const found = readVaultsElsewhere(
      states.map(({ vault }) => vault),
      template.keyFile,
    );
    await tryEach(states, async ({ vault, committed }) => {
      const one = found[states.findIndex((state) => state.vault === vault)];
      if (one === undefined || 'error' in one) throw new Error(`${vault} does not open: ${one?.error}`);
      const left = leftBy(one);
      if (committed && left !== 'R2') throw new Error(`${vault}: ${left} after the commit`);
    });
    print(`  power cut at ${moments} moments: ${states.length} states of the disk, all opened`);
  },

  async hosts(t) {
    const { rounds, refreshes } = await startHostsTogether(t, { rounds: STARTS, hosts: 5 });
    print(
      `  5 hosts at once, ${rounds} times: one owner each time, ${refreshes} refreshes, none of them double`,
    );
  },

  async model() {
    await modelRuns(MODEL_RUNS);
    print(`  ${MODEL_RUNS} random histories agree with the model`);
  },
};

const wanted = process.argv.slice(2);
for (const [name, part] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const began = performance.now();
  print(`\n${name}`);
  const cleanups = new Cleanups();
  try {
    await tryEach([part], (run) => run(cleanups));
  } finally {
    await cleanups.run();
  }
  print(`  took ${((performance.now() - began) / 1_000).toFixed(0)} s`);
}
print(broken.length === 0 ? '\nNothing was lost.' : `\n${broken.length} promises broken.`);
process.exitCode = broken.length === 0 ? 0 : 1;
