// Remembers what was copied without keeping it: a keyed hash, so that "is this still ours?" can be asked later and memory
// holds nothing to guess from.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface ClipboardMark {
  is(text: string): boolean;
}

export function markOf(text: string): ClipboardMark {
  const key = randomBytes(32);
  const digest = (of: string) => createHmac('sha256', key).update(of, 'utf8').digest();
  const ours = digest(text);
  return { is: (other) => timingSafeEqual(digest(other), ours) };
}
