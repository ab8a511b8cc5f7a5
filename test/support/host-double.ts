// The host as a door sees it: facts about the process, and a sandbox that starts and stops at once.
import type { HostControls, SandboxInfo } from '../../api/host-controls.ts';

export function hostDouble(): HostControls {
  const info: SandboxInfo = {
    running: false,
    issuer: null,
    port: null,
    users: ['user1'],
    login: 'Any password.',
  };
  return {
    status: () => ({
      version: '0.1.0',
      pid: 1,
      started_at: Date.UTC(2026, 0, 31),
      url: 'http://127.0.0.1:9595',
      socket: '/run/t.sock',
      warnings: [],
    }),
    stopping: new AbortController().signal,
    sandbox: {
      info: () => info,
      start: () => Promise.resolve({ ...info, running: true, issuer: 'http://127.0.0.1:9000', port: 9000 }),
      reset: () => Promise.resolve(info),
      stop: () => Promise.resolve(info),
    },
  };
}
