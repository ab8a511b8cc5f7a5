// What the routes ask of the process around the engine: facts about it, and the practice server it can run.
// The host gives it, both hosts alike. Nothing here may hold a key, a token or a secret.
import type { DesktopControls } from './desktop-controls.ts';
import type { WindowFiles } from './window-files.ts';

export interface HostStatus {
  readonly version: string;
  readonly pid: number;
  /** Wall clock, milliseconds. */
  readonly started_at: number;
  /** Address of the TCP door, e.g. `http://127.0.0.1:9595`; null while it is off. */
  readonly url: string | null;
  /** Path of the socket door; null where there is none. */
  readonly socket: string | null;
  /** Path of the data directory. */
  readonly home: string;
  /** Standing sentences every surface shows, e.g. that the default port was taken. */
  readonly warnings: readonly string[];
}

/** The practice server. `issuer` and `port` are null while it does not run. */
export interface SandboxInfo {
  readonly running: boolean;
  readonly issuer: string | null;
  readonly port: number | null;
  readonly users: readonly string[];
  /** One sentence: how to sign in there. */
  readonly login: string;
}

/** What a person may choose; docs/endpoint.md says what each is for. */
export interface HostSettings {
  readonly redirect_port: number;
  readonly endpoint_port: number;
  readonly window_port: number;
  /** The TCP door; the socket is always there. */
  readonly endpoint_enabled: boolean;
  /** 0: never. */
  readonly lock_after_minutes: number;
}

export interface HostControls {
  status(): HostStatus;
  /** Aborted when the host begins to stop: what would stay open (streams) ends then. */
  readonly stopping: AbortSignal;
  readonly window: {
    /** Its address, e.g. `http://127.0.0.1:9598/`. Throws `not_found` in a host that shows it by itself. */
    url(): string;
    /** Undefined while the window is not built. */
    files(): WindowFiles | undefined;
    /** Opens an address in the browser. Throws `browser_unavailable` or `unsafe_url`. */
    open(url: URL): Promise<void>;
  };
  readonly settings: {
    read(): HostSettings;
    /** Keeps them at once. Throws `invalid_field` for a port that is named twice, or `storage`. */
    change(changes: Partial<HostSettings>): void;
    /** True when something changed takes effect only at the next start. */
    restartNeeded(): boolean;
  };
  /** Given by a host with a tray. */
  readonly desktop?: DesktopControls;
  readonly sandbox: {
    info(): SandboxInfo;
    start(): Promise<SandboxInfo>;
    /** Users and contacts as on the first day. */
    reset(): Promise<SandboxInfo>;
    stop(): Promise<SandboxInfo>;
  };
}
