// Field types that several schemas share, and the one place where a failed parse becomes a sentence for people.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { printable } from '../text.ts';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** RFC 8252 section 8.3 and RFC 9700 section 2.6: https, or http to exactly one of the three loopback names. */
function isSafeEndpoint(url: URL): boolean {
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}

export const endpointUrl = z
  .string()
  .max(2_000, 'is longer than 2000 characters')
  .refine(
    (value) => URL.canParse(value) && isSafeEndpoint(new URL(value)) && !/[\s\\#]/.test(value),
    'must be an https address (http only for 127.0.0.1, [::1] or localhost) without user name or fragment',
  );

/** Printable text that is not empty. */
export function text(max: number) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(max, `is longer than ${max} characters`)
    .refine((value) => printable(value, max) === value, 'has characters that cannot be shown')
    .refine((value) => value.trim() === value, 'must not start or end with a space');
}

/** Parses input from outside. Throws `unknown_field` or `invalid_field`, naming the first field at fault and the fix. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const result = schema.safeParse(input, { error: said });
  if (result.success) return result.data;
  throw fieldError(result.error, what);
}

/** The sentence for a failed parse: the field by its path, then what is wrong with it. Values are never repeated. */
function fieldError(error: z.ZodError, what: string): TokentrayError {
  const issue = nearest(error.issues[0]!);
  if (issue.code === 'unrecognized_keys') {
    const field = printable([...issue.path, issue.keys[0] ?? ''].join('.'), 80);
    return new TokentrayError(
      'unknown_field',
      `${what}: the field ${field} is not known. Remove it or check its spelling.`,
      {
        field,
      },
    );
  }
  const field = printable(issue.path.join('.'), 80);
  if (field === '') return new TokentrayError('bad_request', `${what}: ${reason(issue)}.`);
  return new TokentrayError('invalid_field', `${what}: the field ${field} ${reason(issue)}.`, { field });
}

/** Of several forms that a field may have, the one that the input comes nearest to. */
function nearest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const [first] = issue.errors.toSorted((left, right) => left.length - right.length);
  if (first?.[0] === undefined) return issue;
  return nearest({ ...first[0], path: [...issue.path, ...first[0].path] });
}

/** Our words where a schema has none of its own. The value only tells "missing" from "of another type". */
const said: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'invalid_type' && issue.code !== 'invalid_value') return undefined;
  if (issue.input === undefined) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}`;
  return `must be one of: ${issue.values.map(String).join(', ')}`;
};

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' || issue.code === 'invalid_value') return issue.message;
  if (issue.code === 'custom' || issue.code === 'invalid_format') return issue.message;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'has a name that cannot be used';
  const said = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return said.startsWith('too ') ? `is ${said}` : said;
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
