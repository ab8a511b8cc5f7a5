// The real headless host as a process, as `tokentray serve` starts it, in a home and on ports of its own.
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { newHome } from './cli-host.ts';
import { commandEnvironment, DEADLINE_MS, startTokentray } from './cli-process.ts';

export interface RealHost {
  readonly home: string;
  /** Ends it as a service manager would; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** `args` are added to `serve --port 0`. The vault's key is a key file outside the home. */
export async function startRealHost(...args: readonly string[]): Promise<RealHost> {
  const home = newHome();
  const keyHome = newHome();
  const [sandbox_port, redirect_port] = [await freePort(), await freePort()];
  const settings = JSON.stringify({ version: 1, sandbox_port, redirect_port });
  writeFileSync(join(home, 'settings.json'), settings, { mode: 0o600 });
  const env = { TOKENTRAY_KEY_SOURCE: 'file', TOKENTRAY_KEY_FILE: join(keyHome, 'vault.key') };
  const host = startTokentray(['serve', '--port', '0', ...args], commandEnvironment(home, env));
  const stop = async () => {
    host.child.kill('SIGTERM');
    const { code } = await host.ended;
    for (const folder of [home, keyHome]) rmSync(folder, { recursive: true, force: true });
    return code;
  };
  await host.says('Stop it with Ctrl-C.');
  if (!existsSync(join(home, 'endpoint.json'))) throw new Error(`no endpoint.json: ${host.stderr()}`);
  return { home, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening', { signal: AbortSignal.timeout(DEADLINE_MS) });
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
