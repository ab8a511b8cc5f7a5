// The gate: so many at once per key and in all, first come first served, and one key never waits for another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Gate } from '../../core/refresh/gate.ts';

const two = { perKey: 2, inAll: 8 };
const one = { perKey: 1, inAll: 8 };

/** Work that ends when told, and says in which order it began. `run`: at the key that its first letter names. */
function works(gate: Gate) {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const run = (name: string, calm = false) => {
    const work = () => {
      begun.push(name);
      const end = Promise.withResolvers<string>();
      ends.set(name, end);
      return end.promise;
    };
    return gate.run(name.charAt(0), name, work, { calm });
  };
  const end = async (name: string) => {
    ends.get(name)!.resolve(name);
    await turn();
  };
  return { begun, run, end };
}

test('promise 105: two of one provider run at once, the third waits its turn', async () => {
  const { begun, run, end } = works(new Gate(two));
  const runs = ['a1', 'a2', 'a3', 'a4'].map((name) => run(name));
  await turn();
  assert.deepEqual(begun, ['a1', 'a2']);
  await end('a2');
  assert.equal(await runs[1], 'a2');
  assert.deepEqual(begun, ['a1', 'a2', 'a3']);
  await end('a1');
  await end('a3');
  await end('a4');
  assert.deepEqual(await Promise.all(runs), ['a1', 'a2', 'a3', 'a4']);
});

test('promise 105: a provider that hangs on every call does not delay another, however many of it wait', async () => {
  const { begun, run, end } = works(new Gate(two));
  for (let index = 0; index < 1_000; index += 1) void run(`a${index}`, true);
  const other = run('b1', true);
  await turn();
  assert.deepEqual(begun, ['a0', 'a1', 'b1']);
  await end('b1');
  assert.equal(await other, 'b1');
});

test('promise 105: eight run at once in all, and the providers that wait take turns', async () => {
  const { begun, run, end } = works(new Gate(two));
  for (const key of 'abcdef') for (const index of [1, 2, 3]) void run(`${key}${index}`);
  await turn();
  assert.deepEqual(begun, ['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1', 'd2']);
  for (const name of ['a1', 'a2', 'b1', 'b2']) await end(name);
  assert.deepEqual(begun.slice(8), ['a3', 'e1', 'b3', 'f1']);
});

test('who is waited for goes before who is not, also when that turns out later', async () => {
  const gate = new Gate(one);
  const { begun, run, end } = works(gate);
  for (const name of ['a1', 'a2', 'a3', 'a4']) void run(name, true);
  void run('a5');
  gate.hurry('a', 'a4');
  gate.hurry('a', 'a1');
  gate.hurry('b', 'a2');
  for (const name of ['a1', 'a5', 'a4', 'a2', 'a3']) {
    await turn();
    assert.equal(begun.at(-1), name);
    await end(name);
  }
});

test('work that fails makes room like work that succeeds, and says why to its own caller', async () => {
  const gate = new Gate(one);
  const failing = gate.run('a', '1', () => Promise.reject(new Error('why')));
  const throwing = gate.run('a', '2', () => {
    throw new Error('at once');
  });
  const next = gate.run('a', '3', () => Promise.resolve('next'));
  await assert.rejects(failing, /why/);
  await assert.rejects(throwing, /at once/);
  assert.equal(await next, 'next');
});

test('nobody overtakes the queue', async () => {
  const { begun, run, end } = works(new Gate(one));
  void run('a1');
  void run('a2');
  await turn();
  const ending = end('a1');
  void run('a3');
  await ending;
  assert.deepEqual(begun, ['a1', 'a2']);
  await end('a2');
  await end('a3');
  assert.deepEqual(begun, ['a1', 'a2', 'a3']);
});

test('never more than allowed run at once, whatever ends when', async () => {
  const gate = new Gate({ perKey: 3, inAll: 5 });
  const running = new Map<string, number>();
  let most = 0;
  let mostInAll = 0;
  const work = (key: string) => async () => {
    running.set(key, (running.get(key) ?? 0) + 1);
    most = Math.max(most, running.get(key)!);
    mostInAll = Math.max(
      mostInAll,
      [...running.values()].reduce((sum, each) => sum + each, 0),
    );
    await turn();
    running.set(key, running.get(key)! - 1);
  };
  const keys = Array.from({ length: 100 }, (_, index) => 'abc'.charAt(index % 3));
  await Promise.all(
    keys.map((key, index) => gate.run(key, `${index}`, work(key), { calm: index % 2 === 0 })),
  );
  assert.deepEqual([most, mostInAll], [3, 5]);
  assert.deepEqual([...running.values()], [0, 0, 0]);
});
