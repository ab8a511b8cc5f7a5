// Who takes tokentray:// links on this system, and how we come to: registered where nobody else is, repaired when the
// program has moved, and never taken from another program without the user.
import { app } from 'electron';
import { LINK_SCHEME } from '../core/consent/redirect/link.ts';
import type { LinksOwner, LogPort } from '../core/ports.ts';
import { isInstalled, programOf, removeLinkEntry, takeLinks, writeLinkEntry } from './link-registration.ts';

/** The program and, in a checkout, the folder it was started with. */
export function runningProgram(): readonly string[] {
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()];
}

/** Windows writes this behind the program's path, and the link behind it. */
function registryArguments(): string[] {
  return [...runningProgram().slice(1), '--'];
}

/** Asked anew each time: another program may have become the owner since. */
export async function linkOwner(): Promise<LinksOwner> {
  if (app.isDefaultProtocolClient(LINK_SCHEME, process.execPath, registryArguments()))
    return { kind: 'ours' };
  try {
    const { name, path } = await app.getApplicationInfoForProtocol(`${LINK_SCHEME}://callback/owner`);
    // Registered for this very program in another form than ours: nobody's, so that it is written anew.
    const isThis = path.toLowerCase() === process.execPath.toLowerCase();
    return name === '' || isThis ? { kind: 'none' } : { kind: 'other', name };
  } catch {
    // That is how "nobody" is said.
    return { kind: 'none' };
  }
}

/** Makes us the owner where nobody is, and brings our own registration up to date. Never throws. */
export async function keepLinks(log: LogPort, env: NodeJS.ProcessEnv = process.env): Promise<LinksOwner> {
  try {
    const before = await linkOwner();
    if (before.kind === 'other') return before;
    const onLinux = process.platform === 'linux';
    if (onLinux && isInstalled(env)) await removeLinkEntry(env);
    else if (onLinux) await writeLinkEntry(env, programOf(env, runningProgram()));
    if (before.kind === 'ours') return before;
    app.setAsDefaultProtocolClient(LINK_SCHEME, process.execPath, registryArguments());
    const after = await linkOwner();
    // Desktops that keep a list of their own.
    if (after.kind === 'ours' || !onLinux || !(await takeLinks(env))) return after;
    return await linkOwner();
  } catch (error) {
    log.warn('links_not_registered', { error: error instanceof Error ? error.name : 'unknown' });
    return { kind: 'none' };
  }
}
