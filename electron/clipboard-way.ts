// By which way a text reaches the clipboard here. Pure. Decided by the kind of session, never by trying: Wayland drops the
// write of a program without focus in silence, and reading back shows the text all the same.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export type ClipboardWay = 'direct' | 'wl-copy' | 'picker';
export type SessionType = 'wayland' | 'x11' | 'other';

export function sessionType(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): SessionType {
  if (platform !== 'linux') return 'other';
  const named = env.XDG_SESSION_TYPE?.toLowerCase();
  if (named === 'wayland' || named === 'x11') return named;
  // Started outside a login session (a service, a container): by what it can draw on.
  if (env.WAYLAND_DISPLAY) return 'wayland';
  return env.DISPLAY ? 'x11' : 'other';
}

/** `focused`: one of our windows has the focus, which is all that Wayland asks for. */
export function clipboardWay(session: SessionType, focused: boolean, hasWlCopy: boolean): ClipboardWay {
  if (session !== 'wayland' || focused) return 'direct';
  return hasWlCopy ? 'wl-copy' : 'picker';
}

/** The full path of a program, looked for in the absolute folders of PATH only; undefined when there is none. */
export function programPath(program: string, env: NodeJS.ProcessEnv): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, program))
    .find(canRun);
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not here, or not ours to run: the next folder may have it.
    return false;
  }
}
