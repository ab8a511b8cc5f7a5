// Types of query parameters: text in, numbers and switches out. Described for the document as what they mean.
import { z } from 'zod';

/** A whole number of seconds, at most `max`. */
export function seconds(max: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number of seconds')
    .refine((text) => Number(text) <= max, `must be at most ${max} seconds`)
    .transform(Number)
    .meta({ type: 'integer', minimum: 0, maximum: max });
}

/** A whole number from 1 to `max`. */
export function count(max: number) {
  return z
    .string()
    .regex(/^[1-9]\d{0,15}$/, 'must be a whole number from 1')
    .refine((text) => Number(text) <= max, `must be at most ${max}`)
    .transform(Number)
    .meta({ type: 'integer', minimum: 1, maximum: max });
}

/** `?force`, `?force=1` and `?force=true` are yes; `0` and `false` are no. */
export function flag() {
  return z
    .enum(['', '1', 'true', '0', 'false'], { error: 'must be true or false' })
    .transform((text) => text !== '0' && text !== 'false')
    .meta({ type: 'boolean' });
}
