// What a spec needs of its maker and its system beyond what all of them have. Where it is missing the test is skipped, and
// `npm test` prints the reason; on Linux with the stand-in nothing is missing.
import { test } from '@playwright/test';
import { ELECTRON } from './electron-maker.ts';

const standIn = ELECTRON === undefined;
const { platform } = process;

/** Reasons are read on their own: "needs …". */
const NEEDS = {
  focus: [standIn, 'a desktop that gives and takes the focus as it is told'],
  theme: [standIn, 'a system that changes its theme as it is told'],
  network: [standIn, 'a network that goes and comes as it is told'],
  proxies: [standIn, 'proxies of the system that a test may choose'],
  notes: [standIn, 'notifications that fail as they are told'],
  handover: [standIn, 'the channel between two starts, which only the system writes to'],
  clipboard: [standIn, 'a clipboard that outlives the program and is read without it'],
  refusal: [standIn, 'a box with an error that nobody has to close'],
  insides: [standIn, 'what Electron was told and does not tell again'],
  wayland: [standIn && platform === 'linux', 'a Wayland session that the environment alone describes'],
  linux: [platform === 'linux', 'Linux: programs of its desktop that a script can stand for'],
  links: [
    standIn || platform !== 'darwin',
    'a program that is registered for links: on macOS a package alone is',
  ],
  argv: [platform !== 'darwin', 'links that come as arguments: on macOS they come as events'],
} as const satisfies Record<string, readonly [has: boolean, what: string]>;

export type Need = keyof typeof NEEDS;

export function has(need: Need): boolean {
  return NEEDS[need][0];
}

/** In a test it skips that one, in a describe or a file all of its tests. */
export function needs(...wanted: readonly Need[]): void {
  for (const need of wanted) test.skip(!has(need), `needs ${NEEDS[need][1]}`);
}
