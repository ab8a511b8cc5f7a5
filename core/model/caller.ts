// A caller: a program that asks for tokens and proves itself with a key. Only a digest of the key is stored.
import { z } from 'zod';
import { name } from './name.ts';

export const right = z.enum(['token', 'proxy', 'admin']);
export type Right = z.infer<typeof right>;

export const callerDoc = z.strictObject({
  rights: z.array(right).min(1),
  /** Connection ids and provider ids this key may use. `*`: every connection. Not looked at for `admin`. */
  connections: z.array(z.string()),
});
export type CallerDoc = z.infer<typeof callerDoc>;

/** A caller that proved itself. `owner` is the key of the command line, made by the host. */
export interface Caller extends CallerDoc {
  readonly name: string;
}

/** The person at the command line and at the window. No key of the table has this name. */
export const OWNER: Caller = Object.freeze({
  name: 'owner',
  rights: ['admin'],
  connections: [],
} satisfies Caller);

export interface CallerView {
  readonly name: string;
  /** First characters of the key, to tell keys apart. */
  readonly prefix: string;
  readonly rights: readonly Right[];
  readonly connections: readonly string[];
  readonly created_at: number;
  readonly last_used_at: number | null;
  readonly expires_at: number | null;
}

export const newCaller = z.strictObject({
  name,
  rights: z.array(right).min(1).max(3).default(['token']),
  /** Names as in the command line's C: `provider/account`, an id, or a provider alone (all its connections). */
  connections: z.array(z.string().max(200)).max(1_000).default([]),
  expires_in: z.int().min(60).max(315_360_000).optional(),
});
export type NewCaller = z.infer<typeof newCaller>;
