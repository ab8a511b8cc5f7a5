// The operating system's random numbers.
import { randomBytes } from 'node:crypto';
import type { RandomPort } from '../core/ports.ts';

export const systemRandom: RandomPort = { bytes: (count) => randomBytes(count) };
