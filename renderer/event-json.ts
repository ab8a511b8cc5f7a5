// The events of the host's stream, as far as the window reads them: names, ids and what was done.

export type EventJson =
  | { readonly type: 'vault'; readonly state: 'setup' | 'locked' | 'open' }
  | { readonly type: 'provider'; readonly provider: string }
  | { readonly type: 'connection'; readonly action: string; readonly id: string }
  | ConsentEventJson
  | { readonly type: 'expiring' }
  | { readonly type: 'clock' }
  | { readonly type: 'file'; readonly action: string }
  | { readonly type: 'key' }
  | { readonly type: 'hand_out' };

export interface ConsentEventJson {
  readonly type: 'consent';
  readonly action: 'started' | 'done' | 'failed' | 'expired' | 'cancelled';
  readonly consent: string;
  readonly provider: string;
}
