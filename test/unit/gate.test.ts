// The gate: so many at once per key, first come first served, and one key never waits for another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Gate } from '../../core/refresh/gate.ts';

/** Work that ends when told, and says in which order it began. */
function works() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (name: string) => () => {
    begun.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  return { begun, ends, work };
}

test('promise 105: two of one provider run at once, the third waits its turn', async () => {
  const gate = new Gate(2);
  const { begun, ends, work } = works();
  const runs = ['a1', 'a2', 'a3', 'a4'].map((name) => gate.run('a', work(name)));
  await turn();
  assert.deepEqual(begun, ['a1', 'a2']);
  ends.get('a2')!.resolve('two');
  assert.equal(await runs[1], 'two');
  await turn();
  assert.deepEqual(begun, ['a1', 'a2', 'a3']);
  for (const name of ['a1', 'a3']) ends.get(name)!.resolve(name);
  await turn();
  ends.get('a4')!.resolve('a4');
  assert.deepEqual(await Promise.all(runs), ['a1', 'two', 'a3', 'a4']);
});

test('promise 105: a provider that hangs on every call does not delay another', async () => {
  const gate = new Gate(2);
  const { begun, ends, work } = works();
  for (const name of ['a1', 'a2', 'a3']) void gate.run('a', work(name));
  const other = gate.run('b', work('b1'));
  await turn();
  assert.deepEqual(begun, ['a1', 'a2', 'b1']);
  ends.get('b1')!.resolve('done');
  assert.equal(await other, 'done');
});

test('work that fails makes room like work that succeeds, and says why to its own caller', async () => {
  const gate = new Gate(1);
  const failing = gate.run('a', () => Promise.reject(new Error('why')));
  const throwing = gate.run('a', () => {
    throw new Error('at once');
  });
  const next = gate.run('a', () => Promise.resolve('next'));
  await assert.rejects(failing, /why/);
  await assert.rejects(throwing, /at once/);
  assert.equal(await next, 'next');
});

test('nobody overtakes the queue', async () => {
  const gate = new Gate(1);
  const { begun, ends, work } = works();
  const first = gate.run('a', work('1'));
  const second = gate.run('a', work('2'));
  await turn();
  ends.get('1')!.resolve('');
  const third = gate.run('a', work('3'));
  await first;
  await turn();
  assert.deepEqual(begun, ['1', '2']);
  ends.get('2')!.resolve('');
  await second;
  await turn();
  ends.get('3')!.resolve('');
  await third;
  assert.deepEqual(begun, ['1', '2', '3']);
});

test('never more than allowed run at once, whatever ends when', async () => {
  const gate = new Gate(3);
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await turn();
    running -= 1;
  };
  await Promise.all(Array.from({ length: 100 }, () => gate.run('a', work)));
  assert.deepEqual([running, most], [0, 3]);
});
