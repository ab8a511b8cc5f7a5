// Fault 23: several hosts that start at the same instant over one vault, in processes of their own. Whoever gets the lock
// refreshes, all others must be refused; then the owner ends, and the next round begins. The provider is strict, so one
// refresh too many would end the grant.
import assert from 'node:assert/strict';
import { HostileProvider } from '../support/hostile-provider.ts';
import { loadVictim, startVictim, type Victim, victimPlace } from '../support/victim.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

export async function startHostsTogether(
  t: Cleanup,
  { rounds, hosts }: { readonly rounds: number; readonly hosts: number },
): Promise<{ rounds: number; refreshes: number }> {
  const provider = await HostileProvider.start();
  t.after(() => provider.close());
  const place = await victimPlace(t);
  const first = await startVictim(t, place);
  assert.equal((await first.call('POST', '/v1/providers', { body: provider.entry('acme') })).status, 201);
  const body = { refresh_token: provider.grantElsewhere('client-of-acme'), account: 'me' };
  assert.equal((await first.call('POST', '/v1/providers/acme/import', { body })).status, 201);
  await first.end();
  for (let round = 1; round <= rounds; round += 1) {
    const before = provider.refreshes.length;
    const loaded = await Promise.all(Array.from({ length: hosts }, () => loadVictim(t, place)));
    const started = await Promise.allSettled(loaded.map((one) => one.start()));
    const owners = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refusals = started.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    assert.equal(owners.length, 1, `round ${round}: ${owners.length} owners`);
    assert.deepEqual(new Set(refusals), new Set(['host_running']), `round ${round}: ${refusals}`);
    await refreshAndEnd(owners[0]!);
    assert.equal(provider.refreshes.length, before + 1, `round ${round}`);
  }
  assert.equal(new Set(provider.refreshTokensSeen).size, provider.refreshes.length);
  return { rounds, refreshes: rounds };
}

async function refreshAndEnd(owner: Victim): Promise<void> {
  const reply = await owner.call('POST', '/v1/refresh/acme/me');
  assert.equal(reply.status, 200, reply.body);
  await owner.end();
}
