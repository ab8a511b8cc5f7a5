// settings.json: the few choices a host remembers. Strict and versioned; a file that cannot be used is set aside under a
// name with the date, never overwritten and never a reason not to start.

import { readFileSync, renameSync } from 'node:fs';
import type { HostControls } from '../api/host-controls.ts';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
import { look, prepareFile, writePrivateFile } from '../core/vault/file-safety.ts';

/** The usual ports are neighbours, so that one rule of a firewall or a memory covers them. */
export interface Settings {
  /** Where scripts find the endpoint. */
  readonly endpoint_port: number;
  /** The port it had before that was taken by others; 0 when it never moved. Kept until a person sets the port. */
  readonly endpoint_moved_from: number;
  /** Sandbox, so that its addresses stay the same over restarts. 0 takes a free one at its first start, kept from then on. */
  readonly sandbox_port: number;
  /** Seconds that access tokens of the sandbox live: a short life lets you watch a refresh. */
  readonly sandbox_access_seconds: number;
  /** For providers that accept only a redirect address with a fixed port. */
  readonly redirect_port: number;
  /** Window in the browser. */
  readonly window_port: number;
  /** The TCP door of the endpoint; the socket is always there. */
  readonly endpoint_enabled: boolean;
  /** The vault is locked when nobody used it for so long; 0: never. */
  readonly lock_after_minutes: number;
}

export interface SettingsFile {
  readonly value: Settings;
  /** Sentences for the user about a file that could not be used. */
  readonly warnings: readonly string[];
  /** Writes the file at once. Throws `storage`. */
  change(patch: Partial<Settings>): void;
}

const VERSION = 1;
const PORT_MAX = 65_535;
const DEFAULTS: Settings = {
  endpoint_port: 9595,
  endpoint_moved_from: 0,
  sandbox_port: 9596,
  sandbox_access_seconds: 3_600,
  redirect_port: 9597,
  window_port: 9598,
  endpoint_enabled: true,
  lock_after_minutes: 0,
};
// The sandbox takes a day at most: a practice token should be seen to end.
const ACCESS_SECONDS_MAX = 86_400;
const LOCK_MINUTES_MAX = 1_440;

/** The settings, or the usual ones with a warning. Never throws. */
export function readSettings(path: string, log: LogPort): SettingsFile {
  const warnings: string[] = [];
  let value = DEFAULTS;
  try {
    prepareFile(path, log);
    value = look(path) === undefined ? DEFAULTS : parse(readFileSync(path, 'utf8'));
  } catch (error) {
    warnings.push(setAside(path, error));
    log.warn('settings.not_used', { path });
  }
  return {
    get value() {
      return value;
    },
    warnings,
    change(patch) {
      value = { ...value, ...patch };
      writeSettings(path, value);
    },
  };
}

const PORTS = ['redirect_port', 'endpoint_port', 'window_port'] as const;

/** What a person may choose, as the routes ask for it. `inUse`: the settings that the listeners opened with. */
export function chosenSettings(file: SettingsFile, inUse: () => Settings): HostControls['settings'] {
  return {
    read: () => file.value,
    change(changes) {
      const wanted = { ...file.value, ...changes };
      const ports = [...PORTS, 'sandbox_port' as const].map((name) => wanted[name]);
      const field = PORTS.find(
        (name) => changes[name] !== undefined && ports.filter((port) => port === wanted[name]).length > 1,
      );
      if (field !== undefined) {
        throw new TokentrayError(
          'invalid_field',
          `${field} is ${wanted[field]}, which another setting uses. Choose another port.`,
          { field },
        );
      }
      // Who sets the port knows where it is.
      file.change({ ...changes, ...(changes.endpoint_port === undefined ? {} : { endpoint_moved_from: 0 }) });
    },
    // The redirect port is read at each consent, the minutes at each look.
    restartNeeded: () =>
      (['endpoint_port', 'window_port', 'endpoint_enabled'] as const).some(
        (name) => file.value[name] !== inUse()[name],
      ),
  };
}

/** Replaces the file in one step. Throws `storage`. */
function writeSettings(path: string, settings: Settings): void {
  writePrivateFile(path, `${JSON.stringify({ version: VERSION, ...settings }, null, 2)}\n`);
}

function parse(text: string): Settings {
  const document: unknown = JSON.parse(text);
  if (typeof document !== 'object' || document === null) throw new Error('not an object');
  const fields = new Map<string, unknown>(Object.entries(document));
  if (fields.get('version') !== VERSION) throw new Error('another version');
  const known = ['version', ...Object.keys(DEFAULTS)];
  if ([...fields.keys()].some((name) => !known.includes(name))) throw new Error('an unknown field');
  const field = (name: Exclude<keyof Settings, 'endpoint_enabled'>, min: number, max: number) =>
    whole(fields.get(name), DEFAULTS[name], min, max);
  return {
    endpoint_port: field('endpoint_port', 1, PORT_MAX),
    endpoint_moved_from: field('endpoint_moved_from', 0, PORT_MAX),
    sandbox_port: field('sandbox_port', 0, PORT_MAX),
    sandbox_access_seconds: field('sandbox_access_seconds', 1, ACCESS_SECONDS_MAX),
    // Ports below 1024 need rights that a holder of tokens should not have.
    redirect_port: field('redirect_port', 1_024, PORT_MAX),
    window_port: field('window_port', 1, PORT_MAX),
    endpoint_enabled: flag(fields.get('endpoint_enabled'), DEFAULTS.endpoint_enabled),
    lock_after_minutes: field('lock_after_minutes', 0, LOCK_MINUTES_MAX),
  };
}

function flag(value: unknown, usual: boolean): boolean {
  if (value === undefined) return usual;
  if (typeof value === 'boolean') return value;
  throw new Error('not true or false');
}

function whole(value: unknown, usual: number, min: number, max: number): number {
  if (value === undefined) return usual;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error('not a number in range');
}

function setAside(path: string, error: unknown): string {
  // A link or a file of somebody else is not ours to move.
  if (error instanceof TokentrayError) return `${error.message} The usual settings are used.`;
  const aside = `${path}.unusable-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  try {
    renameSync(path, aside);
  } catch {
    return `${path} cannot be used and could not be moved away. The usual settings are used; correct or remove it.`;
  }
  return `${path} could not be used and was moved to ${aside}. The usual settings are used; compare and correct.`;
}
