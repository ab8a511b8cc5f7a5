// What happened, for every reader of the stream. Names, ids and codes only; never a token, address or provider text.
import type { Deadline } from './deadline.ts';

export type TokentrayEvent =
  | { readonly type: 'vault'; readonly state: 'setup' | 'locked' | 'open' }
  | {
      readonly type: 'provider';
      /** `refused`: it rejects our client. */
      readonly action: 'added' | 'changed' | 'removed' | 'refused';
      readonly provider: string;
    }
  | {
      readonly type: 'connection';
      /** `not_stored`: the disk did not take a new refresh token; it is held in memory and tried again. */
      readonly action:
        | 'added'
        | 'changed'
        | 'renamed'
        | 'refreshed'
        | 'refresh_failed'
        | 'not_stored'
        | 'needs_consent'
        | 'revoked'
        | 'removed';
      readonly connection: string;
      readonly id: string;
      readonly status: string;
      readonly code?: string;
    }
  | {
      readonly type: 'consent';
      readonly action: 'started' | 'done' | 'failed' | 'expired' | 'cancelled';
      readonly consent: string;
      readonly provider: string;
      readonly connection?: string;
      readonly code?: string;
    }
  /** The machine's clock was set, or stood still while it slept. `seconds`: by how much; negative when set back. */
  | { readonly type: 'clock'; readonly action: 'set_back' | 'moved_on'; readonly seconds: number }
  /** A grant ends in less than `days` days. `ends_at`: RFC 3339. */
  | {
      readonly type: 'expiring';
      readonly connection: string;
      readonly id: string;
      readonly what: Deadline['what'];
      readonly ends_at: string;
      readonly days: number;
    }
  /** What a person did with files. `percent`: of a backup that takes long. */
  | {
      readonly type: 'file';
      readonly action: 'backing_up' | 'backed_up' | 'restored' | 'exported' | 'secrets_exported' | 'imported';
      readonly percent?: number;
    }
  | { readonly type: 'key'; readonly action: 'added' | 'removed'; readonly name: string }
  | { readonly type: 'refreshes'; readonly paused: boolean }
  /** Of the host: preferences or facts of its desktop are others now. */
  | { readonly type: 'desktop' }
  | { readonly type: 'hand_out'; readonly caller: string; readonly connection: string; readonly id: string };

export interface SequencedEvent {
  readonly seq: number;
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly event: TokentrayEvent;
}
