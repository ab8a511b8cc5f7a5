// Puts a host together: lock, engine, doors, sandbox. Order matters: whoever does not own the lock touches nothing, and
// the doors listen before the vault is opened, so that a slow keychain is a `locked`, not a hang.

import type { DesktopControls } from '../api/desktop-controls.ts';
import { createHandler } from '../api/handle.ts';
import type { HostControls } from '../api/host-controls.ts';
import { problemResponse } from '../api/problem.ts';
import { judgeScheme } from '../api/scheme-guard.ts';
import { windowLink } from '../api/window-code.ts';
import { Sessions } from '../core/access/sessions.ts';
import { createEngine, type EngineOptions } from '../core/create-engine.ts';
import type { Engine } from '../core/engine.ts';
import { TokentrayError } from '../core/errors.ts';
import type { HttpRequest, LogPort, Ports } from '../core/ports.ts';
import { prepareDirectory } from '../core/vault/file-safety.ts';
import { createBrowser } from './browser.ts';
import { systemClock } from './clock.ts';
import { deviceId } from './device.ts';
import { clearEndpoint, readEndpoint, writeEndpoint } from './endpoint-file.ts';
import { createHttp } from './fetch.ts';
import { keySourceOf, openUnattended } from './key-source.ts';
import { createKeychain } from './keychain.ts';
import { listen } from './listeners.ts';
import { acquireHostLock, type HostLock } from './lock.ts';
import { createLog } from './log.ts';
import { toNodeListener } from './node-listener.ts';
import { ensureOwnerKey } from './owner-key.ts';
import { type HostPaths, rescueDirectories, resolvePaths } from './paths.ts';
import { systemRandom } from './random.ts';
import type { LaunchSandbox } from './sandbox-child.ts';
import { SandboxProcess } from './sandbox-process.ts';
import { ensureSandboxProvider } from './sandbox-provider.ts';
import { readSessions, writeSessions } from './sessions-file.ts';
import { chosenSettings, readSettings } from './settings.ts';
import { windowFiles } from './window-files.ts';

/** Health is answered within milliseconds; a busy machine takes longer. */
const RESPONSE_MS = 2_000;

export interface HostOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The port the user named; null: the usual one. */
  readonly port: number | null;
  readonly sandbox: boolean;
  /** Program file of the sandbox. */
  readonly sandboxScript: string;
  /** Folder of the built window. */
  readonly windowDirectory: string;
  readonly version: string;
  /** `none`: no listener for the window, because the host shows it by itself. */
  readonly window?: 'http' | 'none';
  /** Given: this host has a desktop. Called once, before any door listens. */
  readonly desktop?: (seat: DesktopSeat) => DesktopControls;
  /** How to run the sandbox; else as a child process. */
  readonly launchSandbox?: LaunchSandbox;
  /** What the system says about proxies, in the form of a PAC file's answer; else the environment says. */
  readonly proxyOf?: (url: URL) => Promise<string>;
  /** Tests replace single ports and watch the rotation. */
  readonly ports?: Partial<Ports>;
  readonly onStep?: EngineOptions['onStep'];
}

/** What a host gives to its desktop side. */
export interface DesktopSeat {
  readonly engine: Engine;
  /** Preferences or facts are others now: open windows read them anew. */
  changed(): void;
  /** The host's own: one file, one writer. */
  readonly log: LogPort;
}

export interface Host {
  readonly engine: Engine;
  readonly controls: HostControls;
  readonly paths: HostPaths;
  /** Of the TCP door; null while it is off. */
  readonly url: string | null;
  /** A link to the window that works once, for a minute. Throws `not_found` where the window has no listener. */
  windowLink(): URL;
  /** One request of the tray's own window, `tokentray-ui://app/…`. Never throws and never rejects. */
  window(request: Request): Promise<Response>;
  /** Ends doors, engine, sandbox and lock, in that order. Safe to call twice. */
  close(): Promise<void>;
}

/** Throws `host_running`, `port_taken`, `unsafe_path`, `invalid_field`, `vault_damaged`, `vault_newer` or `storage`. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { env, version } = options;
  const startedAt = systemClock.wall();
  const credentialOf = keySourceOf(env);
  const paths = resolvePaths(env);
  const log = createLog({ directory: paths.logs });
  // Undone in reverse when a later step fails, and at the end.
  const undo: Array<() => void | Promise<void>> = [() => log.close()];
  /** Every step, whatever becomes of the others: a host that is half closed would never end. Throws the first error. */
  const close = async () => {
    const errors: unknown[] = [];
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  };
  try {
    prepareDirectory(paths.home, log);
    const lock = await takeLock(paths, log);
    undo.push(() => lock.release());

    const settings = readSettings(paths.settings, log);
    const warnings: string[] = [...settings.warnings];
    const ownerKey = ensureOwnerKey(paths.ownerKey, log);
    const ports: Ports = {
      clock: systemClock,
      http: createHttp({ env, ...(options.proxyOf === undefined ? {} : { proxyOf: options.proxyOf }) }),
      browser: createBrowser({ env }),
      keychain: createKeychain(),
      // Node has no word on this; an attempt that fails tells.
      network: { online: () => true },
      links: { owner: async () => ({ kind: 'none' }) },
      random: systemRandom,
      log,
      ...options.ports,
    };
    const engine = createEngine({
      ports,
      vaultPath: paths.vault,
      device: await deviceId({ home: paths.home }),
      rescueDirectories: rescueDirectories(paths),
      ownerKey,
      redirectPort: () => settings.value.redirect_port,
      lockAfterMinutes: () => settings.value.lock_after_minutes,
      ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
    });
    undo.push(() => engine.close());

    const sandbox = new SandboxProcess({
      script: options.sandboxScript,
      dataDirectory: paths.sandbox,
      port: () => settings.value.sandbox_port,
      accessSeconds: () => settings.value.sandbox_access_seconds,
      onStarted: async (issuer, port) => {
        if (port !== settings.value.sandbox_port) settings.change({ sandbox_port: port });
        await ensureSandboxProvider(engine, issuer);
      },
      launch: options.launchSandbox,
      log,
    });
    undo.push(async () => void (await sandbox.stop()));
    const { unsubscribe } = engine.subscribe(({ event }) => {
      const { issuer } = sandbox.info();
      if (event.type !== 'vault' || event.state !== 'open' || issuer === null) return;
      ensureSandboxProvider(engine, issuer).catch((error: unknown) => warnings.push(sentenceOf(error)));
    });
    undo.push(unsubscribe);

    const desktop = options.desktop?.({ engine, log, changed: () => engine.announce({ type: 'desktop' }) });
    let url: string | null = null;
    let windowUrl: string | undefined;
    const shownAt = (): string => {
      if (windowUrl !== undefined) return windowUrl;
      throw new TokentrayError('not_found', 'The window of this host has no address: the tray shows it.');
    };
    let port = 0;
    /** Why the vault could not be opened without a person; said until it is open. */
    let notOpened: string | undefined;
    let windowPort = 0;
    let inUse = settings.value;
    const stopping = new AbortController();
    const controls: HostControls = {
      status: () => ({
        version,
        pid: process.pid,
        started_at: startedAt,
        url,
        socket: paths.socket,
        home: paths.home,
        warnings: [
          ...warnings,
          ...engine.vault.warnings(),
          ...(notOpened === undefined || engine.state() === 'open' ? [] : [notOpened]),
        ],
      }),
      stopping: stopping.signal,
      window: {
        url: shownAt,
        files: windowFiles(options.windowDirectory),
        open: (url) => ports.browser.open(url),
      },
      settings: chosenSettings(settings, () => inUse),
      ...(desktop === undefined ? {} : { desktop }),
      sandbox: {
        info: () => sandbox.info(),
        start: () => sandbox.start(),
        reset: () => sandbox.reset(),
        stop: () => sandbox.stop(),
      },
    };
    const sessions = new Sessions(ports.clock, ports.random, readSessions(paths.sessions, log), (records) =>
      writeSessions(paths.sessions, records, log),
    );
    undo.push(() => writeSessions(paths.sessions, sessions.records(), log));
    const handle = createHandler({ engine, host: controls, sessions, log, clock: ports.clock });
    const doors = {
      tcp: toNodeListener(handle, 'tcp', () => port),
      socket: toNodeListener(handle, 'socket', () => port),
      'window-http': toNodeListener(handle, 'window-http', () => windowPort),
    };
    const listeners = await listen({
      handler: (request, response, door) => doors[door](request, response),
      // Who names a port wants the door.
      port: options.port === null && !settings.value.endpoint_enabled ? 'off' : options.port,
      usualPort: settings.value.endpoint_port,
      // A host on any free port is one of several, so its window is too.
      windowPort: options.window === 'none' ? 'off' : options.port === 0 ? 0 : null,
      usualWindowPort: settings.value.window_port,
      socketPath: paths.socket,
      log,
    });
    const { tcp, window } = listeners;
    url = tcp?.url ?? null;
    port = tcp?.port ?? 0;
    windowUrl = window?.url;
    windowPort = window?.port ?? 0;
    undo.push(async () => {
      // Streams and waiting requests end first; answers in flight are then a matter of moments.
      stopping.abort();
      await Promise.all([listeners.close(), engine.quiesce()]);
    });
    if (tcp?.moved !== undefined) {
      const { from, holder } = tcp.moved;
      settings.change({ endpoint_port: port, endpoint_moved_from: from });
      warnings.push(
        `Port ${from} is taken${holder === undefined ? '' : ` by ${holder}`}; the endpoint is at ${tcp.url} from now on. Change it in your scripts, so that none sends its key to a stranger.`,
      );
    } else if (
      tcp !== undefined &&
      settings.value.endpoint_moved_from !== 0 &&
      port === settings.value.endpoint_port
    ) {
      warnings.push(
        `The endpoint moved from port ${settings.value.endpoint_moved_from} to ${tcp.url}. Look for scripts that still use the old one: they may send their key to a stranger. Setting endpoint_port in the settings ends this warning.`,
      );
    }
    // Nobody sends a key there, so a window that moved needs no warning: its link is given anew each time.
    if (window?.moved !== undefined) settings.change({ window_port: windowPort });
    inUse = settings.value;
    writeEndpoint(paths.endpoint, {
      url,
      socket: paths.socket,
      window: windowUrl ?? null,
      pid: process.pid,
    });
    undo.push(() => clearEndpoint(paths.endpoint));
    log.info('host_started', { version, port, vault: engine.state() });

    const sandboxStarted = options.sandbox
      ? sandbox.start().catch((error: unknown) => warnings.push(sentenceOf(error)))
      : undefined;
    notOpened = await openUnattended({ engine, credentialOf, ports, stopping: stopping.signal });
    await Promise.all([sandboxStarted, url === null ? undefined : warmUp(url, ownerKey)]);
    return {
      engine,
      controls,
      paths,
      url,
      windowLink: () => windowLink(shownAt(), sessions),
      async window(request) {
        const refused = judgeScheme(request);
        return refused === undefined ? handle(request, 'window') : problemResponse(refused);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The second host names the first: by its own endpoint file, which holds the pid of whoever owns the lock. */
async function takeLock(paths: HostPaths, log: Ports['log']): Promise<HostLock> {
  try {
    return acquireHostLock(paths.lock, log);
  } catch (error) {
    if (!(error instanceof TokentrayError) || error.code !== 'host_running') throw error;
    const endpoint = readEndpoint(paths.endpoint);
    if (endpoint === undefined) throw error;
    const { pid, url } = endpoint;
    throw new TokentrayError(
      'host_running',
      url === null || (await isResponding(url))
        ? `Another Tokentray host (process ${pid}${url === null ? '' : `, ${url}`}) owns this vault. Use it, or stop it first.`
        : `Another Tokentray host (process ${pid}, ${url}) owns this vault and does not respond. Its vault is not taken from it: let it go on if it was stopped, or end process ${pid}.`,
    );
  }
}

/**
 * Code that runs for the first time costs more than 10 ms. No script pays for it: the way to a token is gone here once, for
 * a connection that cannot be. What comes of it says nothing.
 */
async function warmUp(url: string, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const request: HttpRequest = { method: 'GET', url: new URL('/v1/token/none/none', url), headers };
  await createHttp({ env: {}, limits: { totalMs: RESPONSE_MS } }).send(request);
}

/** Whether a host answers there, in a while that is long for an idle host and short for a person. */
async function isResponding(url: string): Promise<boolean> {
  const request: HttpRequest = { method: 'GET', url: new URL('/v1/health', url), headers: {} };
  const answer = await createHttp({ env: {}, limits: { totalMs: RESPONSE_MS } }).send(request);
  return answer.kind === 'answered';
}

function sentenceOf(error: unknown): string {
  return error instanceof TokentrayError ? error.message : 'The sandbox could not be used.';
}
