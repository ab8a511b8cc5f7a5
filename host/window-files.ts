// The built window as a manifest: every file of its folder, read once. Requests meet the manifest, never the folder.

import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import type { WindowFile, WindowFiles } from '../api/window-files.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Reads the folder when first asked and keeps what it read. Undefined while there is no `index.html` in it. */
export function windowFiles(directory: string): () => WindowFiles | undefined {
  let files: WindowFiles | undefined;
  return () => {
    files ??= readAll(directory);
    return files;
  };
}

function readAll(directory: string): WindowFiles | undefined {
  const files = new Map<string, WindowFile>();
  for (const path of listed(directory)) {
    const type = TYPES[extname(path)];
    // Source maps and the like are not part of the page.
    if (type === undefined) continue;
    files.set(`/${relative(directory, path).split(sep).join('/')}`, { type, bytes: readFileSync(path) });
  }
  return files.has('/index.html') ? files : undefined;
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
