// A consent: one attempt to get or renew a grant. It lives in memory only (promise 24): a restart says "start again".

export type Via = 'browser' | 'paste';

export type ConsentStatus = 'pending' | 'done' | 'failed' | 'expired' | 'cancelled';

/** A consent that is open, as a list has it: without the address, which holds its state. */
export interface OpenConsentView {
  readonly id: string;
  readonly provider: string;
  /** The account it is to make or to renew, where one was named. */
  readonly account?: string;
  /** `provider/account`, where it renews that connection. */
  readonly connection?: string;
  readonly status: 'pending';
  readonly expires_at: number;
}

/** What may be shown about a consent. `authorization_url` is set while pending. Times are wall clock in milliseconds. */
export interface ConsentView {
  readonly id: string;
  readonly provider: string;
  /** The account it is to make or to renew, where one was named. */
  readonly account?: string;
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
