// Names of providers, accounts and callers: one pattern, so that every name is safe in a path, a shell and a URL.
import { z } from 'zod';

const NAME = /^[a-z0-9][a-z0-9_@+.-]{0,63}$/;
export const NAME_RULE = 'use 1 to 64 of a-z, 0-9, _ @ + . - and start with a letter or a digit';

export const name = z.string().regex(NAME, `is not a usable name: ${NAME_RULE}`);

/** Connection ids start with `c_`, so a provider must not: one look tells which is meant. */
export const providerId = name.refine((value) => !value.startsWith('c_'), 'must not start with c_');

export const connectionId = z
  .string()
  .regex(/^c_[A-Za-z0-9_-]{22}$/, 'must be an id such as c_… of a connection');

export function isName(value: string): boolean {
  return NAME.test(value);
}

/**
 * A name made from a label of the provider (an email, a display name): lower case, everything foreign becomes `-`,
 * and `-2`, `-3`, … when taken. An empty result becomes `account`.
 */
export function slugName(label: string, taken: (candidate: string) => boolean): string {
  const slug =
    label
      // A label may be as long as an answer; nothing past this reaches the name.
      .slice(0, 200)
      .normalize('NFKD')
      .replace(/[\u0300-\u036f]/g, '')
      .toLowerCase()
      .replace(/[^a-z0-9_@+.-]+/g, '-')
      .replace(/^[^a-z0-9]+|-+$/g, '')
      .slice(0, 60) || 'account';
  if (!taken(slug)) return slug;
  for (let number = 2; ; number += 1) {
    const candidate = `${slug.slice(0, 63 - String(number).length)}-${number}`;
    if (!taken(candidate)) return candidate;
  }
}
