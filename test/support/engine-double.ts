// A small engine for tests of the doors: fixed views, a state a test can set, and a record of what it was asked. Every
// view carries planted secrets beside its fields, so that a door which passes on more than it should is found out.
import type {
  ConnectionView,
  Engine,
  HandOut,
  HandOutOptions,
  ProviderView,
  VaultState,
} from '../../core/engine.ts';
import { TokentrayError } from '../../core/errors.ts';
import { EventLog } from '../../core/event-log.ts';
import type { ActivityView } from '../../core/model/activity.ts';
import type { Caller, CallerView, Right } from '../../core/model/caller.ts';
import type { ConsentView } from '../../core/model/consent.ts';
import type { TokentrayEvent } from '../../core/model/event.ts';
import type { SlotView } from '../../core/vault/slots.ts';

export const PLANTED = 'planted-secret-3f9a';

const planted = <T extends object>(view: T): T =>
  Object.assign(view, {
    refresh_token: PLANTED,
    vault_key: PLANTED,
    secret: PLANTED,
    id_token: PLANTED,
    data_key: PLANTED,
  });

export const KEYS = {
  token: 'tt_token-key-of-a-script',
  proxy: 'tt_proxy-key-of-a-script',
  admin: 'tt_admin-key-of-the-owner',
} as const satisfies Record<Right, string>;

const CREATED = Date.UTC(2026, 0, 31, 12);

const connectionView = (): ConnectionView =>
  planted({
    id: `c_${'A'.repeat(22)}`,
    name: 'google/me',
    provider: 'google',
    account: 'me',
    label: 'me@example.com',
    identity: { issuer: 'https://accounts.example', subject: '42' },
    scopes_asked: ['contacts'],
    created_at: CREATED,
    consented_at: CREATED,
    refreshed_at: null,
    deadlines: [],
    state: {
      status: 'active' as const,
      token: planted({
        token_type: 'Bearer',
        scope: ['contacts'],
        issued_at: CREATED,
        expires_at: CREATED + 3_600_000,
        expires_source: 'expires_in' as const,
        refreshable: true,
      }),
    },
    generation: 3,
  });

const providerView = (): ProviderView =>
  planted({
    schema: 1 as const,
    id: 'google',
    name: 'Google',
    discovery: 'none' as const,
    authorization_endpoint: 'https://accounts.example/authorize',
    token_endpoint: 'https://accounts.example/token',
    authorization_response_iss_parameter_supported: false,
    client_id: 'client',
    token_endpoint_auth_method: 'client_secret_basic' as const,
    scopes: ['contacts'],
    scope_separator: ' ' as const,
    pkce: 'S256' as const,
    authorization_parameters: {},
    redirect: { host: '127.0.0.1' as const, port: 'any' as const },
    client_secret: 'set' as const,
    redirect_uri: 'http://127.0.0.1/callback/google',
    connections: 1,
    warnings: [],
  });

const consentView = (): ConsentView =>
  planted({
    id: 'consent-1',
    provider: 'google',
    status: 'pending' as const,
    authorization_url: 'https://accounts.example/authorize?state=x',
    expires_at: CREATED,
    code_verifier: PLANTED,
  });

const callerView = (): CallerView =>
  planted({
    name: 'backup',
    prefix: 'tt_Ab12',
    rights: ['token' as const],
    connections: ['google'],
    created_at: CREATED,
    last_used_at: null,
    expires_at: null,
    digest: PLANTED,
  });

const activityView = (): ActivityView =>
  planted({
    seq: 7,
    at: CREATED,
    kind: 'hand_out' as const,
    connection: 'google/me',
    connection_id: connectionView().id,
    provider: 'google',
    caller: 'backup',
    door: 'tcp',
    outcome: 'released',
    code: null,
    mark: 'a1b2c3',
  });

const COPY = {
  vault_id: 'v_AAAAAAAAAAAAAAAAAAAAAA',
  schema: 2,
  created_at: 1_760_000_000_000,
  opens_with: ['passphrase'] as const,
  ...{ providers: 1, connections: 2, keys: 1, damaged: 0 },
};

const slotView = (): SlotView =>
  planted({
    id: 's_aaaaaaaaaaa',
    kind: 'keychain' as const,
    created_at: CREATED,
    in_use: true,
    backend: 'Secret Service',
  });

export const handOut = (): HandOut =>
  planted({
    access_token: 'the-access-token',
    token_type: 'Bearer',
    expires_at: CREATED + 3_600_000,
    expires_in: 3_599,
    expires_source: 'expires_in' as const,
    scope: 'contacts',
    connection: 'google/me',
    account: 'me',
  });

const report = { ok: true, checks: [{ name: 'vault', ok: true, detail: 'The vault is open.' }] };

export interface EngineDouble {
  readonly engine: Engine;
  /** What the engine was asked, in order: the method and its arguments. */
  readonly asked: { readonly method: string; readonly input: unknown }[];
  state: VaultState;
  /** Whether the keys that were identified are still good. */
  keysValid: boolean;
  /** How often somebody was said to be there. */
  touched: number;
  /** Answers the next hand-outs instead of the fixed one. */
  handOut: (options: HandOutOptions) => Promise<HandOut>;
  emit(event: TokentrayEvent): void;
  /** How many streams listen now. */
  listeners(): number;
}

/** Knows `google/me` and `google`, the consent `consent-1`, and the three keys of KEYS. Anything else is not found. */
export function engineDouble(): EngineDouble {
  const events = new EventLog({ wall: () => CREATED }, { error: () => undefined });
  const asked: EngineDouble['asked'] = [];
  let paused = false;
  const callers = new Map<string, Caller>(
    Object.entries(KEYS).map(([right, key]) => [
      key,
      {
        name: right,
        rights: [right === 'admin' ? 'admin' : right === 'proxy' ? 'proxy' : 'token'],
        connections: ['google'],
      },
    ]),
  );
  let listeners = 0;
  const note = (method: string, input: unknown): void => void asked.push({ method, input });
  // The sentences are the real engine's: a door must not be told apart from it by what it refuses itself.
  const provider = (id: string): void => {
    if (id === 'google') return;
    throw new TokentrayError('not_found', 'There is no provider by that name.', { field: 'provider' });
  };
  const consent = (id: string): void => {
    if (id === 'consent-1') return;
    throw new TokentrayError(
      'not_found',
      'There is no such consent. It may have ended before the host was started; start it again.',
    );
  };
  const ref = (text: string): void => {
    if (['google/me', 'google', connectionView().id].includes(text)) return;
    throw new TokentrayError('not_found', 'There is no connection by that name.', { field: 'connection' });
  };

  const double: EngineDouble = {
    asked,
    state: 'open',
    keysValid: true,
    touched: 0,
    handOut: () => Promise.resolve(handOut()),
    emit: (event) => events.emit(event),
    listeners: () => listeners,
    engine: {
      state: () => double.state,
      subscribe(listener, after) {
        listeners += 1;
        const { gap, unsubscribe } = events.subscribe(listener, after);
        return {
          gap,
          unsubscribe: () => {
            listeners -= 1;
            unsubscribe();
          },
        };
      },
      announce: (event) => events.emit(event),
      links: { arrive: () => 'ignored' },
      refreshes: {
        pause: () => {
          paused = true;
        },
        resume: () => {
          paused = false;
        },
        paused: () => paused,
      },
      power: { suspended: () => undefined, resumed: () => undefined, networkReturned: () => undefined },
      touch: () => {
        double.touched += 1;
      },
      mayRead: (caller, event) =>
        caller.rights.includes('admin') || event.type === 'vault' || event.type === 'connection',
      vault: {
        slots: () => [slotView()],
        addSlot: async (credential) => {
          note('addSlot', credential);
          return slotView();
        },
        removeSlot: async (id) => note('removeSlot', id),
        rotate: async (credentials) => note('rotate', credentials),
        lock: async () => {
          double.state = double.state === 'setup' ? 'setup' : 'locked';
        },
        unlock: async (credential) => {
          note('unlock', credential);
          double.state = 'open';
        },
        prove: async (credential) => {
          note('prove', credential);
          if (credential.kind === 'passphrase' && credential.passphrase === 'a pass phrase') return;
          throw new TokentrayError('wrong_passphrase', 'The passphrase does not open the vault.');
        },
        review: () => undefined,
        useHere: async () => note('useHere', undefined),
        repair: async (credential) => {
          note('repair', credential);
          const saved = { providers: 1, connections: 1, keys: 1, activity: 1 };
          return { repaired: true, kept: '/tmp/vault.db.damaged', saved, lost: [] };
        },
        warnings: () => [],
      },
      files: {
        backUp: async (path, options) => {
          note('backUp', { path, ...options });
          return planted({ ...COPY, path, bytes: 4_096, device: null });
        },
        restore: async (path, confirm) => {
          note('restore', { path, confirm });
          const restored = confirm !== undefined;
          const backup = planted({ ...COPY, elsewhere: false });
          return planted({
            backup,
            confirm: 'digest',
            restored,
            kept: restored ? '/tmp/vault.db.replaced' : null,
          });
        },
        export: async (path, options) => {
          note('export', { path, ...options });
          const counts = { providers: 1, connections: 2, without_grant: 2 };
          return planted({ path, secrets: options?.passphrase !== undefined, ...counts, left_out: [] });
        },
        import: async (path, options) => {
          note('importFile', { path, ...options });
          const field = planted({ field: 'name', from: null, to: '"Acme"' });
          const change = {
            kind: 'provider',
            name: 'acme',
            action: 'add',
            fields: [field],
            notes: [],
          } as const;
          return planted({
            changes: [planted(change)],
            ready: true,
            confirm: 'digest',
            imported: options?.confirm !== undefined,
          });
        },
      },
      presets: (query) => {
        note('presets', query);
        return [
          planted({
            id: 'google',
            name: 'Google',
            documentation_url: 'https://a.example/',
            registration_url: 'https://b.example/',
            verified_on: '2026-01-01',
            scopes: ['openid'],
            redirect: { host: '127.0.0.1' as const, port: 'any' as const },
            redirect_note: 'Any port.',
          }),
        ];
      },
      providers: {
        list: () => [providerView()],
        show: (id) => {
          provider(id);
          return providerView();
        },
        add: async (input) => {
          note('addProvider', input);
          return providerView();
        },
        update: async (id, changes) => {
          provider(id);
          note('updateProvider', changes);
          return providerView();
        },
        remove: async (id) => provider(id),
        check: async (id) => {
          provider(id);
          return report;
        },
        discover: async (issuer) => {
          note('discover', issuer);
          return planted({
            discovery: 'openid' as const,
            issuer,
            authorization_endpoint: 'https://accounts.example/authorize',
            token_endpoint: 'https://accounts.example/token',
            authorization_response_iss_parameter_supported: false,
            scopes: ['openid'],
          });
        },
        import: async (id, input) => {
          provider(id);
          note('import', input);
          return connectionView();
        },
      },
      connections: {
        list: () => [connectionView()],
        show: (_caller, text) => {
          ref(text);
          return connectionView();
        },
        rename: async (_caller, text, account) => {
          ref(text);
          note('rename', account);
          return connectionView();
        },
        refresh: async (_caller, text) => {
          ref(text);
          return connectionView();
        },
        revoke: async (_caller, text) => {
          ref(text);
          return connectionView();
        },
        remove: async (_caller, text, options) => {
          ref(text);
          note('remove', options);
          return planted({ revoked: true });
        },
      },
      consents: {
        start: async (_caller, request) => {
          note('startConsent', request);
          return consentView();
        },
        list: () => [
          planted({
            id: 'consent-1',
            provider: 'google',
            account: 'me',
            connection: 'google/me',
            status: 'pending' as const,
            expires_at: CREATED,
            authorization_url: PLANTED,
          }),
        ],
        show: (id) => {
          consent(id);
          return consentView();
        },
        reopen: async (id) => {
          note('reopen', id);
          consent(id);
          return consentView();
        },
        wait: async (id, seconds) => {
          consent(id);
          note('waitConsent', seconds);
          return consentView();
        },
        deliver: async (id, url) => {
          consent(id);
          note('deliver', url);
          return consentView();
        },
        cancel: (id) => {
          consent(id);
          return { ...consentView(), status: 'cancelled' };
        },
      },
      tokens: {
        handOut: async (_caller, text, options) => {
          ref(text);
          note('handOut', options);
          return double.handOut(options);
        },
      },
      callers: {
        identify: (key) => callers.get(key),
        isValid: () => double.keysValid,
        list: () => [callerView()],
        add: (input) => {
          note('addKey', input);
          return { caller: callerView(), key: 'tt_the-new-key' };
        },
        remove: (name) => note('removeKey', name),
      },
      activity: (_caller, query) => {
        if (query.connection !== undefined) ref(query.connection);
        note('activity', query);
        return { entries: [activityView()], next: 7 };
      },
      doctor: async (_caller, text) => {
        if (text !== undefined) ref(text);
        return report;
      },
      quiesce: async () => undefined,
      close: async () => undefined,
    },
  };
  return double;
}
