// The host as a door sees it: facts about the process, and a sandbox that starts and stops at once.
import type { HostControls, HostSettings, SandboxInfo } from '../../api/host-controls.ts';
import type { WindowFiles } from '../../api/window-files.ts';

const file = (type: string, text: string) => ({ type, bytes: new TextEncoder().encode(text) });

/** A window small enough to read. */
const WINDOW_FILES: WindowFiles = new Map([
  ['/index.html', file('text/html; charset=utf-8', '<!doctype html><title>Tokentray</title>')],
  ['/assets/main-1a2b3c.js', file('text/javascript; charset=utf-8', 'export {};')],
]);

export function hostDouble(): HostControls {
  const info: SandboxInfo = {
    running: false,
    issuer: null,
    port: null,
    users: ['user1'],
    login: 'Any password.',
  };
  let settings: HostSettings = {
    redirect_port: 9597,
    endpoint_port: 9595,
    window_port: 9598,
    endpoint_enabled: true,
    lock_after_minutes: 0,
  };
  return {
    status: () => ({
      version: '0.1.0',
      pid: 1,
      started_at: Date.UTC(2026, 0, 31),
      url: 'http://127.0.0.1:9595',
      socket: '/run/t.sock',
      home: '/home/me/tokentray',
      warnings: [],
    }),
    stopping: new AbortController().signal,
    window: {
      url: () => 'http://127.0.0.1:9598/',
      files: () => WINDOW_FILES,
      open: () => Promise.resolve(),
    },
    settings: {
      read: () => settings,
      change: (changes) => {
        settings = { ...settings, ...changes };
      },
      restartNeeded: () => false,
    },
    sandbox: {
      info: () => info,
      start: () => Promise.resolve({ ...info, running: true, issuer: 'http://127.0.0.1:9000', port: 9000 }),
      reset: () => Promise.resolve(info),
      stop: () => Promise.resolve(info),
    },
  };
}
