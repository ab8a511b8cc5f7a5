// Sealing as properties over random values, and the same properties against a seal that is broken on purpose.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RandomPort } from '../../core/ports.ts';
import { open, type SealedPlace, seal } from '../../core/vault/sealing.ts';
import { secureRandom, withCode } from '../support/vault-fixture.ts';

interface Sealing {
  readonly seal: typeof seal;
  readonly open: typeof open;
}

const sealing: Sealing = { seal, open };
const key = randomBytes(32);
const HOME: SealedPlace = {
  vaultId: 'v_1',
  table: 'connection',
  row: 'c_1',
  column: 'tokens',
  schemaVersion: 1,
  generation: 7,
};

const bytesOf = fc.uint8Array({ maxLength: 200 });
const word = fc.string({ unit: 'binary', maxLength: 12 });
const count = fc.integer({ min: 1, max: 1_000 });
const place: fc.Arbitrary<SealedPlace> = fc.record({
  vaultId: word,
  table: word,
  row: word,
  column: word,
  schemaVersion: count,
  generation: count,
});

function opens(sealed: Uint8Array, where: SealedPlace, with_: Sealing): boolean {
  try {
    with_.open(key, sealed, where);
    return true;
  } catch (error) {
    if (!withCode('tampered')(error)) throw error;
    return false;
  }
}

const roundTrip = (with_: Sealing) =>
  fc.property(bytesOf, place, (plaintext, where) => {
    const sealed = with_.seal(key, plaintext, where, secureRandom);
    assert.deepEqual(with_.open(key, sealed, where), plaintext);
  });

const anyBitFlip = (with_: Sealing) =>
  fc.property(bytesOf, fc.nat(), (plaintext, position) => {
    const sealed = with_.seal(key, plaintext, HOME, secureRandom);
    const bit = position % (sealed.length * 8);
    sealed[bit >> 3]! ^= 1 << (bit & 7);
    return !opens(sealed, HOME, with_);
  });

const anyOtherPlace = (with_: Sealing) =>
  fc.property(bytesOf, place, place, (plaintext, from, to) => {
    fc.pre(JSON.stringify(from) !== JSON.stringify(to));
    return !opens(with_.seal(key, plaintext, from, secureRandom), to, with_);
  });

/** One field changes, all others stay: what a swap of two values does. */
const oneFieldOff = (with_: Sealing) =>
  fc.property(bytesOf, place, place, fc.constantFrom(...fieldsOf(HOME)), (plaintext, from, other, field) => {
    fc.pre(from[field] !== other[field]);
    return !opens(with_.seal(key, plaintext, from, secureRandom), { ...from, [field]: other[field] }, with_);
  });

function fieldsOf(where: SealedPlace): (keyof SealedPlace)[] {
  const { vaultId, table, row, column, schemaVersion, generation } = where;
  const names = { vaultId, table, row, column, schemaVersion, generation };
  return Object.keys(names).filter((name): name is keyof SealedPlace => name in where);
}

test('a sealed value opens again at its own place with the same bytes', () => {
  fc.assert(roundTrip(sealing));
});

test('promise 66: a sealed value with any single bit flipped does not open', () => {
  fc.assert(anyBitFlip(sealing), { numRuns: 500 });
  const sealed = seal(key, new Uint8Array([1, 2, 3]), HOME, secureRandom);
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const flipped = Uint8Array.from(sealed);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => open(key, flipped, HOME), withCode('tampered'), `bit ${bit}`);
  }
});

test('promise 67: a sealed value does not open at any other vault, table, row, column, schema or generation', () => {
  fc.assert(anyOtherPlace(sealing), { numRuns: 300 });
  fc.assert(oneFieldOff(sealing), { numRuns: 300 });
});

test('promise 67: moving characters from one field of the place to the next gives another place', () => {
  const sealed = seal(key, new Uint8Array([1]), { ...HOME, table: 'ab', row: 'c' }, secureRandom);
  assert.throws(() => open(key, sealed, { ...HOME, table: 'a', row: 'bc' }), withCode('tampered'));
  const quoted = seal(key, new Uint8Array([1]), { ...HOME, table: 'a","b', row: 'c' }, secureRandom);
  assert.throws(() => open(key, quoted, { ...HOME, table: 'a', row: 'b","c' }), withCode('tampered'));
});

test('the sealing tests fail for a seal that ignores the place, and for one that leaves the value as it is', () => {
  const placeless: Sealing = {
    seal: (with_, plaintext, _where, random) => seal(with_, plaintext, HOME, random),
    open: (with_, sealed) => open(with_, sealed, HOME),
  };
  assert.equal(fc.check(roundTrip(placeless)).failed, false, 'the twin is whole but for the place');
  assert.equal(fc.check(anyOtherPlace(placeless)).failed, true);
  assert.equal(fc.check(oneFieldOff(placeless)).failed, true);

  const unsealed: Sealing = {
    seal: (_key, plaintext) => Uint8Array.of(1, ...plaintext),
    open: (_key, s) => s.slice(1),
  };
  assert.equal(fc.check(roundTrip(unsealed)).failed, false);
  assert.equal(fc.check(anyBitFlip(unsealed)).failed, true);
});

test('another key does not open a sealed value', () => {
  const sealed = seal(key, new Uint8Array(40), HOME, secureRandom);
  assert.throws(() => open(randomBytes(32), sealed, HOME), withCode('tampered'));
});

test('promise 69: a value with a shortened tag, another nonce length or an unknown first byte is refused', () => {
  const sealed = seal(key, new Uint8Array(0), HOME, secureRandom);
  for (let length = 0; length < sealed.length; length += 1) {
    assert.throws(() => open(key, sealed.subarray(0, length), HOME), withCode('tampered'), `${length} bytes`);
  }
  for (let first = 0; first < 256; first += 1) {
    const other = Uint8Array.from(sealed);
    other[0] = first;
    if (first === 1) assert.equal(open(key, other, HOME).length, 0);
    else assert.throws(() => open(key, other, HOME), withCode('tampered'), `first byte ${first}`);
  }
  for (const length of [0, 8, 11, 13, 16]) {
    const random: RandomPort = { bytes: () => new Uint8Array(length) };
    assert.throws(
      () => seal(key, new Uint8Array(1), HOME, random),
      withCode('unexpected'),
      `nonce of ${length}`,
    );
  }
});

test('promise 69: a nonce of 16 bytes in the place of nonce and ciphertext start is refused', () => {
  const sealed = seal(key, new Uint8Array(20), HOME, secureRandom);
  const longer = new Uint8Array(sealed.length + 4);
  longer.set(sealed.subarray(0, 13));
  longer.set(sealed.subarray(13), 17);
  assert.throws(() => open(key, longer, HOME), withCode('tampered'));
});
