// A key in words: what it may do, for which connections, and when it ends.
import type { KeyJson } from '../../api/wire.ts';

type Right = KeyJson['rights'][number];

export const RIGHTS: Readonly<Record<Right, { readonly label: string; readonly about: string }>> = {
  token: {
    label: 'Get tokens',
    about: 'A fresh access token of each connection you choose.',
  },
  proxy: {
    label: 'Get nothing yet',
    about:
      'For calls that Tokentray makes itself, in a later version. Until then it sees names and states, and no token.',
  },
  admin: {
    label: 'Manage everything',
    about: 'All that you can do here. Only for tools you trust as yourself.',
  },
};

export function rightsWords(rights: readonly Right[]): string {
  return rights.map((right) => RIGHTS[right].label).join(', ');
}

/** One entry of a key's connections. A removed connection has no name any more, only its id. */
export function connectionWords(ref: string): string {
  if (ref === '*') return 'every connection';
  if (ref.includes('/')) return ref;
  return ref.startsWith('c_') ? 'a removed connection' : `all of ${ref}`;
}

const DAY = 24 * 3_600;

/** How long a new key may live, in seconds; `never` for no end. */
export const LIVES = [
  { value: 'never', label: 'Never', seconds: undefined },
  { value: 'day', label: 'In a day', seconds: DAY },
  { value: 'week', label: 'In a week', seconds: 7 * DAY },
  { value: 'month', label: 'In 30 days', seconds: 30 * DAY },
  { value: 'quarter', label: 'In 90 days', seconds: 90 * DAY },
  { value: 'year', label: 'In a year', seconds: 365 * DAY },
] as const;

export type Life = (typeof LIVES)[number]['value'];
