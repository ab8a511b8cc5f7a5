// The process of the main file: presents itself as Electron, evaluates the built main file, and only then becomes `ready`.
// A main file that waits for `ready` at its top level never gets there; after three seconds that is said.
import { fireReady } from './app.ts';
import './exports.ts';
import { toTest } from './to-test.ts';

/** A bundle takes a tenth of this on a busy machine. */
const EVALUATION_MS = 3_000;

const hanging = setTimeout(() => {
  process.stderr.write(
    'stand-in: the main file was not evaluated after 3 s. In Electron, ready is held back until it is, so a top-level await on anything after ready hangs (electron#40719).\n',
  );
  process.exit(70);
}, EVALUATION_MS);

await import('./main-file.ts');
clearTimeout(hanging);
fireReady();
toTest.tell('ready');
