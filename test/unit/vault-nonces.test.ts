// A million seals and their nonces, in a file of their own because they take seconds.
import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { RandomPort } from '../../core/ports.ts';
import { seal } from '../../core/vault/sealing.ts';

const SEALS = 1_000_000;
const PLACE = {
  vaultId: 'v_1',
  table: 'connection',
  row: 'c_1',
  column: 'tokens',
  schemaVersion: 1,
  generation: 7,
};

/** Drawn in blocks: this is about what seal does with its random bytes, not about the speed of their source. */
function blockRandom(): RandomPort {
  let block = new Uint8Array();
  return {
    bytes: (count) => {
      if (block.length < count) block = new Uint8Array(randomBytes(1_200_000));
      const drawn = block.subarray(0, count);
      block = block.subarray(count);
      return drawn;
    },
  };
}

/** How often a nonce equals another. Eight of the twelve bytes fit a number that sorts fast; that is strict enough. */
function repeatedNonces(random: RandomPort, seals: number): number {
  const key = createSecretKey(randomBytes(32));
  const plaintext = new Uint8Array(16);
  const starts = new BigUint64Array(seals);
  const startBytes = new Uint8Array(starts.buffer);
  for (let number = 0; number < seals; number += 1) {
    startBytes.set(seal(key, plaintext, PLACE, random).subarray(1, 9), number * 8);
  }
  starts.sort();
  return starts.reduce(
    (found, start, index) => found + (index > 0 && start === starts[index - 1] ? 1 : 0),
    0,
  );
}

// Counted outside the test: inside, the runner's tracking of async work makes every seal half as slow again.
const repeated = repeatedNonces(blockRandom(), SEALS);

test('promise 68: a million seals use a million different nonces', () => {
  assert.equal(repeated, 0);
});

test('the nonce test fails for a source of random numbers that repeats itself', () => {
  let drawn = 0;
  const repeating: RandomPort = { bytes: (count) => new Uint8Array(count).fill(drawn++ % 250) };
  assert.equal(repeatedNonces(repeating, 500), 250);
});
