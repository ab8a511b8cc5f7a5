// New versions, in packages only: the updater is not even loaded elsewhere. macOS and Windows install what is signed with
// the key of the version that runs; on Linux nothing checks a signature, so there a new version is told and not installed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DesktopFacts } from '../api/desktop.ts';
import type { LogPort } from '../core/ports.ts';

export type UpdateState = DesktopFacts['updates'];

export interface Updates {
  state(): UpdateState;
  /** Follows the preference; looks at once when it is turned on. */
  enable(enabled: boolean): void;
  stop(): void;
}

export interface UpdatesOptions {
  readonly packaged: boolean;
  /** Where a package keeps `app-update.yml`: without that file nobody said where new versions are. */
  readonly resources: string;
  readonly platform: NodeJS.Platform;
  readonly log: LogPort;
  readonly changed: () => void;
}

/** Often enough for a repair to arrive within a day, rare enough to tell a server nothing. */
const LOOK_EVERY_MS = 24 * 60 * 60_000;

export function createUpdates({ packaged, resources, platform, log, changed }: UpdatesOptions): Updates {
  const possible = packaged && existsSync(join(resources, 'app-update.yml'));
  let state: UpdateState = 'off';
  let timer: NodeJS.Timeout | undefined;
  const become = (next: UpdateState): void => {
    if (state === next) return;
    state = next;
    changed();
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  let updater: ReturnType<typeof loadUpdater> | undefined;

  const look = async (): Promise<void> => {
    try {
      updater ??= loadUpdater(platform, become);
      const found = await (await updater).checkForUpdates();
      // A download that fails is told by an event, and once more here.
      found?.downloadPromise?.catch(() => {});
    } catch (error) {
      // Offline, mostly. The error may hold an address or an answer, so only its kind is kept.
      log.warn('updates_failed', { error: error instanceof Error ? error.name : 'unknown' });
      become('failed');
    }
  };
  return {
    state: () => state,
    enable(enabled) {
      if (!possible || enabled === (timer !== undefined)) return;
      if (!enabled) {
        stop();
        if (state !== 'ready') become('off');
        return;
      }
      become('idle');
      timer = setInterval(() => void look(), LOOK_EVERY_MS);
      void look();
    },
    stop,
  };
}

async function loadUpdater(platform: NodeJS.Platform, become: (state: UpdateState) => void) {
  const { default: updates } = await import('electron-updater');
  const { autoUpdater } = updates;
  autoUpdater.logger = null;
  autoUpdater.autoDownload = platform !== 'linux';
  autoUpdater.autoInstallOnAppQuit = platform !== 'linux';
  autoUpdater.allowDowngrade = false;
  autoUpdater.allowPrerelease = false;
  autoUpdater.on('checking-for-update', () => become('checking'));
  autoUpdater.on('update-not-available', () => become('idle'));
  autoUpdater.on('update-available', () => become('available'));
  autoUpdater.on('update-downloaded', () => become('ready'));
  // What it rejects with is also emitted; without a listener that would end the process.
  autoUpdater.on('error', () => become('failed'));
  return autoUpdater;
}
