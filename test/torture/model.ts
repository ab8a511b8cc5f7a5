// Random histories of connecting, refreshing, expiring, revoking, locking, killing, restarting and setting the clock, each
// held against the reference in model-world.ts. A history that disagrees is made as short as it can be, and printed.
import fc from 'fast-check';
import type { RotationStep } from '../../core/refresh/rotation.ts';
import { type Doing, LIFE_MS, ModelWorld, type Twin } from './model-world.ts';

/** Nothing that the checks of a command need to know beforehand lives outside of the world. */
type Known = Record<string, never>;
type Command = fc.AsyncCommand<Known, ModelWorld>;

const ACCOUNTS = ['ada', 'bob'];
const DAY_MS = 24 * LIFE_MS;
const LONGEST = 20;

function command(name: string, work: (world: ModelWorld) => Promise<void>): Command {
  return {
    check: () => true,
    async run(_, world) {
      await work(world);
      world.check();
    },
    toString: () => name,
  };
}

/** As many times as likely as the others. */
function often<T>(times: number, arbitrary: T): T[] {
  return Array.from({ length: times }, () => arbitrary);
}

const account = fc.constantFrom(...ACCOUNTS);
const doing = fc.constantFrom<Doing>('honest', 'honest', 'lost', 'gone', 'down', 'offline');
const step = fc.constantFrom<RotationStep>('S1', 'S2', 'S3', 'S5', 'S7', 'S8');

const COMMANDS = [
  account.map((name) =>
    command(`connect ${name}`, async (world) => {
      if (world.isOpen && !world.references.has(name)) await world.connect(name);
    }),
  ),
  ...often(
    5,
    fc
      .tuple(account, fc.tuple(doing, doing), fc.option(step, { nil: undefined, freq: 3 }))
      .map(([name, does, killAt]) =>
        command(
          `refresh ${name} (${does})${killAt === undefined ? '' : `, killed at ${killAt}`}`,
          async (world) => {
            if (world.references.has(name)) await world.refresh(name, does, killAt);
          },
        ),
      ),
  ),
  ...often(
    2,
    account.map((name) =>
      command(`hand out ${name}`, async (world) => {
        if (world.references.has(name)) await world.handOut(name);
      }),
    ),
  ),
  fc.tuple(account, fc.boolean()).map(([name, works]) =>
    command(`revoke ${name}${works ? '' : ', in vain'}`, async (world) => {
      world.revocationWorks = works;
      if (world.references.has(name)) await world.revoke(name);
      world.revocationWorks = true;
    }),
  ),
  account.map((name) =>
    command(`remove ${name}`, async (world) => {
      if (world.references.has(name)) await world.remove(name);
    }),
  ),
  ...often(
    2,
    fc.constantFrom(10_000, LIFE_MS).map((ms) => command(`${ms} ms pass`, (world) => world.pass(ms))),
  ),
  fc
    .constantFrom(-DAY_MS, -LIFE_MS, LIFE_MS, DAY_MS)
    .map((ms) => command(`the clock is set by ${ms} ms`, async (world) => world.jump(ms))),
  fc.constant(command('lock', (world) => world.lock())),
  fc.constant(command('unlock', (world) => world.unlock())),
  fc.constant(command('restart', (world) => world.restart())),
  fc.constant(command('kill', (world) => world.kill())),
];

/** Throws with the shortest history found that disagrees with the reference. `twin`: something broken on purpose. */
export async function modelRuns(numRuns: number, twin?: Twin): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: LONGEST, size: 'max' }), async (commands) => {
      const world = new ModelWorld(twin);
      await world.begin();
      await world.connect(ACCOUNTS[0]!);
      await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
      await world.end();
    }),
    { numRuns },
  );
}
