// What users run, built once per run of the specs: the tray's main file, the window, the practice server. It lies in a
// folder of this run, so that two runs at a time do not disturb each other.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUNS = join(ROOT, 'test-results', 'desktop');

/** Folder of this run. Every worker has the same parent: the runner. */
export function builtApp(): string {
  return join(RUNS, String(process.ppid));
}

export async function buildApp(): Promise<void> {
  removeOldRuns();
  const app = builtApp();
  const into = (folder: string) => ({ build: { outDir: join(app, folder), emptyOutDir: true } });
  await build({ configFile: join(ROOT, 'vite.config.ts'), ...into('') });
  await Promise.all([
    build({ configFile: join(ROOT, 'vite.renderer.config.ts'), ...into('renderer') }),
    build({ configFile: join(ROOT, 'vite.electron.config.ts'), ...into('electron') }),
  ]);
  const { name, version, type, productName, desktopName } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const main = 'electron/main.js';
  writeFileSync(
    join(app, 'package.json'),
    JSON.stringify({ name, version, type, productName, desktopName, main }),
  );
}

function removeOldRuns(): void {
  mkdirSync(RUNS, { recursive: true });
  for (const pid of readdirSync(RUNS)) {
    if (pid === String(process.ppid) || !isRunning(Number(pid)))
      rmSync(join(RUNS, pid), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
