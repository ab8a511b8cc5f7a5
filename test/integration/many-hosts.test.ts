// One vault, several hosts that want it: at the same instant, after a sudden death, and while the owner does not answer.
import assert from 'node:assert/strict';
import { kill } from 'node:process';
import { test } from 'node:test';
import { loadVictim, startVictim, victimPlace } from '../support/victim.ts';
import { startHostsTogether } from '../torture/many-hosts.ts';

const refusal = (error: unknown) =>
  error instanceof Error && 'code' in error ? `${error.code}: ${error.message}` : String(error);

test('promise 102, fault 23: of 5 hosts that start at the same instant exactly one owns the vault, five times in a row; no refresh is sent twice', async (t) => {
  const { refreshes } = await startHostsTogether(t, { rounds: 5, hosts: 5 });
  assert.equal(refreshes, 5);
});

test('promise 103, faults 24 and 25: an owner that is stopped keeps its vault and is said not to respond; going on it works as before; killed, the next start has the vault at once', async (t) => {
  const place = await victimPlace(t);
  const owner = await startVictim(t, place);
  const others = await Promise.all([loadVictim(t, place), loadVictim(t, place), loadVictim(t, place)]);
  kill(owner.pid, 'SIGSTOP');
  const stopped = await others[0]!.start().then(() => 'it started', refusal);
  assert.match(stopped, /^host_running: .*does not respond/);
  assert.match(stopped, new RegExp(`process ${owner.pid}`));
  kill(owner.pid, 'SIGCONT');
  assert.equal((await owner.call('GET', '/v1/status')).json.pid, owner.pid);
  const running = await others[1]!.start().then(() => 'it started', refusal);
  assert.match(running, /^host_running: .*Use it, or stop it first/);
  await owner.end('SIGKILL');
  const next = await others[2]!.start();
  assert.equal((await next.call('GET', '/v1/status')).json.pid, next.pid);
});
