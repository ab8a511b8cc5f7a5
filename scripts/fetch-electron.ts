// Gets the Electron that belongs to the package: its own install script as a child of ours, with progress and an end. It
// checks what it got against the checksums in the package, and keeps it in the cache that all projects share.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FetchOptions {
  /** Folder of the electron package. */
  readonly electron: string;
  readonly env: NodeJS.ProcessEnv;
  readonly limitMs: number;
  /** Told each second how much has come. */
  readonly progress: (megabytes: number, seconds: number) => void;
}

const SECOND_MS = 1_000;

/** Undefined when it ended well; else why not, one clause. Never throws. */
export async function fetchElectron({
  electron,
  env,
  limitMs,
  progress,
}: FetchOptions): Promise<string | undefined> {
  // A folder of its own shows how much of the download is there.
  const folder = mkdtempSync(join(tmpdir(), 'tokentray-electron-'));
  const started = performance.now();
  const child = spawn(process.execPath, [join(electron, 'install.js')], {
    env: { ...env, TMPDIR: folder, TEMP: folder, TMP: folder, ELECTRON_GET_NO_PROGRESS: '1' },
    // Its stack trace helps nobody who is offline.
    stdio: 'ignore',
  });
  const ticking = setInterval(
    () => progress(megabytesIn(folder), Math.round((performance.now() - started) / SECOND_MS)),
    SECOND_MS,
  );
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  try {
    const [code, signal] = await once(child, 'exit');
    if (code === 0) return undefined;
    return signal === 'SIGKILL'
      ? `it took longer than ${Math.round(limitMs / SECOND_MS)} s`
      : 'the download failed';
  } catch {
    return 'the download could not be started';
  } finally {
    clearInterval(ticking);
    clearTimeout(limit);
    rmSync(folder, { recursive: true, force: true });
  }
}

function megabytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    // The download is moved away when it is whole.
    if (entry.isFile())
      bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return Math.round(bytes / 1_000_000);
}
