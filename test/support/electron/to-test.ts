// The main file's end of the wire. When the test process is gone, so are we.
import { Wire } from './wire.ts';

export const toTest = new Wire(process);

process.once('disconnect', () => process.exit(1));
