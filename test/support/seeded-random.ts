// Random bytes that are the same in every run with the same seed, and never repeat within one.
import { createHash } from 'node:crypto';
import type { RandomPort } from '../../core/ports.ts';

export function seededRandom(seed: string): RandomPort {
  let block = 0;
  return {
    bytes(count) {
      const parts: Buffer[] = [];
      for (let length = 0; length < count; length += 32) {
        parts.push(createHash('sha256').update(`${seed} ${block}`).digest());
        block += 1;
      }
      return new Uint8Array(Buffer.concat(parts).subarray(0, count));
    },
  };
}
