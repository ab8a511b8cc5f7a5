// Every call the window makes, by name, with the shapes of api/wire.ts. Returns no token anywhere but in `copy`, whose
// text goes to the clipboard and nowhere else. Throws HostProblem or HostUnreachable.
import type {
  ConnectionJson,
  ConsentJson,
  CopiedJson,
  DesktopJson,
  DiscoveryJson,
  KeyJson,
  NewKeyJson,
  PresetJson,
  ProviderJson,
  ReportJson,
  SandboxJson,
  SettingsJson,
  SlotJson,
  StatusJson,
  WindowSessionJson,
  WireTypes,
} from '../api/wire.ts';
import { HostUnreachable } from './problem.ts';
import { send, sendJson } from './request.ts';

export interface ConsentRequest {
  readonly provider: string;
  readonly account?: string;
  readonly scopes?: readonly string[];
  /** `browser`: the host opens it. */
  readonly via?: 'browser';
}

export type SlotRequest =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'keychain' };

export type SettingsChanges = Partial<Omit<SettingsJson, 'restart_needed'>>;

export interface ActivityFilter {
  readonly after?: number;
  readonly limit?: number;
  readonly connection?: string;
  readonly caller?: string;
  readonly kind?: string;
}

export type CopyFormat = 'token' | 'header';

const at = (...parts: readonly string[]): string => `/v1/${parts.map(encodeURIComponent).join('/')}`;
/** `provider/account` is two parts of a path. */
const named = (verb: string, name: string): string => at(verb, ...name.split('/'));

function query(filter: object): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined && value !== '');
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

export const api = {
  status: (signal?: AbortSignal) => sendJson<StatusJson>('GET', at('status'), undefined, signal),
  activity: (filter: ActivityFilter, signal?: AbortSignal) =>
    sendJson<WireTypes['Activity']>('GET', at('activity') + query(filter), undefined, signal),
  settings: (signal?: AbortSignal) => sendJson<SettingsJson>('GET', at('settings'), undefined, signal),
  changeSettings: (changes: SettingsChanges) => sendJson<SettingsJson>('PATCH', at('settings'), changes),

  connections: (signal?: AbortSignal) =>
    sendJson<WireTypes['Connections']>('GET', at('connections'), undefined, signal),
  connection: (id: string, signal?: AbortSignal) =>
    sendJson<ConnectionJson>('GET', at('connections', id), undefined, signal),
  rename: (id: string, account: string) =>
    sendJson<ConnectionJson>('PATCH', at('connections', id), { account }),
  remove: (id: string, force = false) =>
    sendJson<WireTypes['RemovedConnection']>('DELETE', at('connections', id) + (force ? '?force=true' : '')),
  refresh: (name: string) => sendJson<ConnectionJson>('POST', named('refresh', name)),
  revoke: (name: string) => sendJson<ConnectionJson>('POST', named('revoke', name)),

  startConsent: (request: ConsentRequest) =>
    sendJson<WireTypes['ConsentStarted']>('POST', at('connections'), request),
  consents: () => sendJson<WireTypes['Consents']>('GET', at('consents')),
  consent: (id: string, signal?: AbortSignal) =>
    sendJson<ConsentJson>('GET', at('consents', id), undefined, signal),
  cancelConsent: (id: string) => sendJson<ConsentJson>('DELETE', at('consents', id)),
  /** In the browser of the host's machine. */
  openConsent: (id: string) => sendJson<ConsentJson>('POST', at('consents', id, 'open')),
  deliverRedirect: (id: string, url: string) =>
    sendJson<ConsentJson>('POST', at('consents', id, 'redirect'), { url }),

  discover: (issuer: string) => sendJson<DiscoveryJson>('POST', at('discovery'), { issuer }),
  presets: (signal?: AbortSignal) =>
    sendJson<{ presets: PresetJson[] }>('GET', at('presets'), undefined, signal),
  providers: (signal?: AbortSignal) =>
    sendJson<{ providers: ProviderJson[] }>('GET', at('providers'), undefined, signal),
  addProvider: (fields: object) => sendJson<ProviderJson>('POST', at('providers'), fields),
  changeProvider: (id: string, changes: object) =>
    sendJson<ProviderJson>('PATCH', at('providers', id), changes),
  removeProvider: (id: string) => sendJson<WireTypes['Removed']>('DELETE', at('providers', id)),
  checkProvider: (id: string) => sendJson<ReportJson>('POST', at('providers', id, 'check')),

  keys: (signal?: AbortSignal) => sendJson<{ keys: KeyJson[] }>('GET', at('keys'), undefined, signal),
  addKey: (fields: object) => sendJson<NewKeyJson>('POST', at('keys'), fields),
  removeKey: (name: string) => sendJson<WireTypes['Removed']>('DELETE', at('keys', name)),

  slots: (signal?: AbortSignal) =>
    sendJson<{ slots: SlotJson[] }>('GET', at('vault', 'slots'), undefined, signal),
  addSlot: (slot: SlotRequest) => sendJson<SlotJson>('POST', at('vault', 'slots'), slot),
  removeSlot: (id: string) => sendJson<WireTypes['Removed']>('DELETE', at('vault', 'slots', id)),
  /** `passphrases`: one for each passphrase slot. */
  rotateVault: (passphrases: readonly string[]) =>
    sendJson<{ slots: SlotJson[] }>('POST', at('vault', 'rotate'), {
      credentials: passphrases.map((passphrase) => ({ kind: 'passphrase', passphrase })),
    }),
  lock: () => sendJson<WireTypes['VaultState']>('POST', at('lock')),
  acceptVault: () => sendJson<WireTypes['VaultState']>('POST', at('vault', 'use-here')),
  backUp: (path: string) => sendJson<WireTypes['Backup']>('POST', at('vault', 'backup'), { path }),
  /** Without credentials, as unlock: by the ways that need nobody (keychain, known key file). */
  repair: (credential?: { passphrase: string }) =>
    sendJson<WireTypes['Repair']>('POST', at('vault', 'repair'), credential),
  unlock: (credential?: { passphrase: string } | { key_file: string }) =>
    sendJson<WireTypes['VaultState']>('POST', at('unlock'), credential),

  sandbox: (signal?: AbortSignal) => sendJson<SandboxJson>('GET', at('sandbox'), undefined, signal),
  startSandbox: () => sendJson<SandboxJson>('POST', at('sandbox', 'start')),
  resetSandbox: () => sendJson<SandboxJson>('POST', at('sandbox', 'reset')),
  stopSandbox: () => sendJson<SandboxJson>('POST', at('sandbox', 'stop')),

  /** Where the tray shows this window: the host puts it in the clipboard, and no text comes here. */
  copyByHost: (connection: string, format: CopyFormat) =>
    sendJson<CopiedJson>('POST', '/window/copy', { connection, format }),
  /** The text for the clipboard, by a ticket that works once. Keep it in no variable that outlives the copy. */
  copy: async (connection: string, format: CopyFormat): Promise<Blob> => {
    const { ticket } = await sendJson<WireTypes['Ticket']>('POST', '/window/copy', { connection, format });
    const answer = await send('POST', `/window/copy/${encodeURIComponent(ticket)}`);
    return new Blob([await answer.text()], { type: 'text/plain' });
  },

  desktop: (signal?: AbortSignal) => sendJson<DesktopJson>('GET', '/window/desktop', undefined, signal),
  changeDesktop: (changes: Partial<DesktopJson['preferences']>) =>
    sendJson<DesktopJson>('PATCH', '/window/desktop', changes),
  closePicker: () => send('POST', '/window/desktop/picker', { action: 'close' }),
  resumeRefreshes: () => sendJson<WireTypes['Refreshes']>('POST', at('refreshes', 'resume')),

  sessions: (signal?: AbortSignal) =>
    sendJson<WireTypes['Sessions']>('GET', '/window/sessions', undefined, signal),
  endOtherSession: (id: string) =>
    sendJson<WireTypes['Removed']>('DELETE', `/window/sessions/${encodeURIComponent(id)}`),
  prove: (proof: { readonly passphrase: string } | { readonly code: string }) =>
    sendJson<WireTypes['Proof']>('POST', '/window/proof', proof),
  endSession: () => send('DELETE', '/window/session'),
};

/** Which window this is, and whether it has a session. */
export async function askSession(): Promise<WindowSessionJson | 'refused' | 'unreachable'> {
  try {
    return await sendJson<WindowSessionJson>('GET', '/window/session');
  } catch (error) {
    return error instanceof HostUnreachable ? 'unreachable' : 'refused';
  }
}

/** Buys the session with the code of the link. */
export async function exchangeCode(
  code: string,
): Promise<WireTypes['NewSession'] | 'refused' | 'unreachable'> {
  try {
    return await sendJson<WireTypes['NewSession']>('POST', '/window/session', { code });
  } catch (error) {
    return error instanceof HostUnreachable ? 'unreachable' : 'refused';
  }
}
