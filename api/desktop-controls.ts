// What the routes ask of a host that has a tray. It gives no token to them: what is copied goes from the engine to the
// clipboard inside the host.
import type { DesktopFacts, DesktopPreferences } from './desktop.ts';

export interface Copied {
  /** True only where it can be told. */
  readonly copied: boolean;
  /** Seconds until it leaves the clipboard; null: it stays. */
  readonly clearsIn: number | null;
  /** What happened, for the person. */
  readonly sentence: string;
}

export interface DesktopControls {
  preferences(): DesktopPreferences;
  /** Keeps them at once. Throws `invalid_field` for what this desktop refuses, or `storage`. */
  change(patch: Partial<DesktopPreferences>): Promise<void>;
  facts(): DesktopFacts;
  /** Puts a fresh token, or the header line with it, in the clipboard. Throws what a hand-out throws. */
  copy(connectionId: string, format: 'token' | 'header'): Promise<Copied>;
  /** Shows the window, at this path if one is given. */
  show(path?: string): void;
  closePicker(): void;
}
