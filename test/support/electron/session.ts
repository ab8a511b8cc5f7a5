// Sessions with their scheme handlers and permission handlers. A scheme is registered once, before `ready`; a handler once
// per session. Without a permission handler Electron grants everything, so the stand-in does too.
import { needsReady, needsTime } from './moment.ts';
import { type SchemeHandler, SchemeServer } from './scheme-server.ts';
import { settings } from './settings.ts';
import { strict, strictObject } from './strict.ts';
import { toTest } from './to-test.ts';

/** Null: nobody has registered schemes yet. */
let privileged: ReadonlyMap<string, Electron.Privileges> | null = null;

function registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]): void {
  needsTime('protocol.registerSchemesAsPrivileged');
  // The second call would silently replace the first.
  if (privileged !== null)
    throw new Error('stand-in: schemes are registered in one call, and they have been');
  privileged = new Map(schemes.map(({ scheme, privileges = {} }) => [scheme, privileges]));
}

let serversOf: (session: StandInSession) => [scheme: string, SchemeServer][];

class SessionProtocol extends strict('protocol') {
  readonly #servers = new Map<string, SchemeServer>();

  handle(scheme: string, handler: SchemeHandler): void {
    const { standard, secure, supportFetchAPI } = privileged?.get(scheme) ?? {};
    if (!standard || !secure || !supportFetchAPI)
      throw new Error(`stand-in: ${scheme} is not registered as standard, secure and supportFetchAPI`);
    if (this.#servers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`);
    this.#servers.set(scheme, new SchemeServer(scheme, handler));
  }

  unhandle(scheme: string): void {
    if (!this.#servers.has(scheme)) throw new Error(`Failed to unhandle protocol: ${scheme}`);
    this.#servers.get(scheme)?.close();
    this.#servers.delete(scheme);
  }

  isProtocolHandled(scheme: string): boolean {
    return this.#servers.has(scheme);
  }

  static {
    serversOf = (session) => [...session.protocol.#servers];
  }
}

type RequestHandler = NonNullable<Parameters<Electron.Session['setPermissionRequestHandler']>[0]>;
type CheckHandler = NonNullable<Parameters<Electron.Session['setPermissionCheckHandler']>[0]>;
type DeviceHandler = NonNullable<Parameters<Electron.Session['setDevicePermissionHandler']>[0]>;
type Permission = Parameters<RequestHandler>[1];

/** What Chromium can be told to grant, and what Electron calls it. */
const PERMISSIONS: Readonly<Record<string, Permission>> = {
  geolocation: 'geolocation',
  notifications: 'notifications',
  camera: 'media',
  microphone: 'media',
  midi: 'midi',
  'clipboard-read': 'clipboard-read',
  'clipboard-write': 'clipboard-sanitized-write',
  'storage-access': 'storage-access',
};

let nameOf: (session: StandInSession) => string;
let grantedBy: (session: StandInSession, contents: Electron.WebContents, url: string) => string[];

export class StandInSession extends strict('session') {
  readonly protocol = new SessionProtocol();
  readonly #partition: string;
  #request: RequestHandler | null = null;
  #check: CheckHandler | null = null;
  #devices: DeviceHandler | null = null;

  constructor(partition: string) {
    super();
    this.#partition = partition;
  }

  isPersistent(): boolean {
    return this.#partition === '' || this.#partition.startsWith('persist:');
  }

  setPermissionRequestHandler(handler: RequestHandler | null): void {
    this.#request = handler;
  }

  setPermissionCheckHandler(handler: CheckHandler | null): void {
    this.#check = handler;
  }

  setDevicePermissionHandler(handler: DeviceHandler | null): void {
    this.#devices = handler;
  }

  setDisplayMediaRequestHandler(): void {}

  setBluetoothPairingHandler(): void {}

  setUSBProtectedClassesHandler(): void {}

  setSpellCheckerEnabled(): void {}

  async resolveProxy(): Promise<string> {
    return proxy;
  }

  async forceReloadProxyConfig(): Promise<void> {}

  async closeAllConnections(): Promise<void> {}

  async clearCache(): Promise<void> {}

  async clearStorageData(): Promise<void> {
    await toTest.ask('session.clear', this.#partition);
  }

  static {
    nameOf = (session) => session.#partition;
    grantedBy = (session, contents, url) => {
      const isGranted = (permission: Permission) => {
        let asked = session.#request === null;
        session.#request?.(
          contents,
          permission,
          (answer) => {
            asked = answer;
          },
          { requestingUrl: url, isMainFrame: true } as Electron.PermissionRequest,
        );
        const checked = session.#check?.(contents, permission, url, {
          isMainFrame: true,
          requestingUrl: url,
        } as Electron.PermissionCheckHandlerHandlerDetails);
        return asked || (checked ?? true);
      };
      const devices = {
        origin: url,
        deviceType: 'hid',
        device: {},
      } as Electron.DevicePermissionHandlerHandlerDetails;
      return [
        ...Object.keys(PERMISSIONS).filter((name) => isGranted(PERMISSIONS[name]!)),
        ...(session.#devices?.(devices) ? ['hid'] : []),
      ];
    };
  }
}

/** What serves that scheme in this session. */
export function serverOf(session: StandInSession, scheme: string): SchemeServer | undefined {
  return serversOf(session).find(([served]) => served === scheme)?.[1];
}

/** An address of Chromium as Electron would give it; foreign ones as they are. */
export function inScheme(session: StandInSession, url: string): string {
  return (
    serversOf(session)
      .map(([, server]) => server.toScheme(url))
      .find((translated) => translated !== url) ?? url
  );
}

/** Partition of a session; empty for the default one. */
export function partitionOf(session: StandInSession): string {
  return nameOf(session);
}

/** What the handlers of this session would let a page have. */
export function permissionsOf(
  session: StandInSession,
  contents: Electron.WebContents,
  url: string,
): string[] {
  return grantedBy(session, contents, url);
}

const sessions = new Map<string, StandInSession>();
let proxy = settings.proxy ?? 'DIRECT';
toTest.on('proxy', (answer: string) => {
  proxy = answer;
});

function fromPartition(partition: string): StandInSession {
  needsReady('Session can only be received when app is ready');
  const known = sessions.get(partition) ?? new StandInSession(partition);
  sessions.set(partition, known);
  return known;
}

export const session = strictObject('session', {
  fromPartition,
  get defaultSession(): StandInSession {
    return fromPartition('');
  },
});

export const protocol = strictObject('protocol', {
  registerSchemesAsPrivileged,
  handle: (scheme: string, handler: SchemeHandler): void =>
    fromPartition('').protocol.handle(scheme, handler),
  unhandle: (scheme: string): void => fromPartition('').protocol.unhandle(scheme),
  isProtocolHandled: (scheme: string): boolean => fromPartition('').protocol.isProtocolHandled(scheme),
});
