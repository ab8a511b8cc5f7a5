// Child process of the keychain tests: does the operations of its arguments and prints each answer as a line of JSON.

import { createKeychain } from '../../host/keychain.ts';

const { KEYCHAIN_TIMEOUT_MS: timeout } = process.env;
const keychain = createKeychain(timeout === undefined ? {} : { timeoutMs: Number(timeout) });

for (const operation of process.argv.slice(2)) {
  const [verb, id = '', hex = ''] = operation.split(':');
  const answer = await act(verb, id, Buffer.from(hex, 'hex'));
  const secret = 'secret' in answer ? { secret: Buffer.from(answer.secret).toString('hex') } : {};
  process.stdout.write(`${JSON.stringify({ ...answer, ...secret })}\n`);
}
// Not process.exit: it would wait for a call that was given up and still waits for its dialog.
process.kill(process.pid, 'SIGKILL');

function act(verb: string | undefined, id: string, secret: Uint8Array) {
  if (verb === 'write') return keychain.write(id, secret);
  return verb === 'remove' ? keychain.remove(id) : keychain.read(id);
}
