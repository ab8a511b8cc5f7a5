// A consent: one attempt to get or renew a grant. It lives in memory only (promise 24): a restart says "start again".

export type Via = 'browser' | 'paste';

export type ConsentStatus = 'pending' | 'done' | 'failed' | 'expired' | 'cancelled';

/** What may be shown about a consent. `authorization_url` is set while pending. Times are wall clock in milliseconds. */
export interface ConsentView {
  readonly id: string;
  readonly provider: string;
  readonly status: ConsentStatus;
  readonly authorization_url?: string;
  readonly expires_at: number;
  /** `provider/account`, once done. */
  readonly connection?: string;
  readonly connection_id?: string;
  /** A sentence, once failed, expired or cancelled. */
  readonly reason?: string;
  readonly code?: string;
}
