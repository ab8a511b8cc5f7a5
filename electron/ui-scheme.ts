// The window's own scheme, `tokentray-ui://app/`: registered once before Electron is ready, served on an in-memory session
// that nothing but our windows uses. Every answer, files of the page included, comes from the one handler of the host.
import { protocol, type Session, session } from 'electron';

const UI_SCHEME = 'tokentray-ui';
const UI_HOST = 'app';
/** Without `persist:`, so it lives in memory and leaves nothing on disk. */
export const UI_PARTITION = 'tokentray-window';

/** The session of every window of ours. After `ready` only. */
export function uiSession(): Session {
  return session.fromPartition(UI_PARTITION);
}

/** Must be called once, before `ready`; Electron takes only the first call. */
export function registerUiScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: UI_SCHEME,
      privileges: {
        standard: true,
        secure: true,
        supportFetchAPI: true,
        // On, every origin could read it: Electron then checks no header at all.
        corsEnabled: false,
        bypassCSP: false,
        allowServiceWorkers: false,
        allowExtensions: false,
        stream: false,
      },
    },
  ]);
}

/** Answers the window's requests. Whose they are cannot be told here: that nobody else has this session is what tells. */
export function serveUi(target: Session, answer: (request: Request) => Promise<Response>): void {
  target.protocol.handle(UI_SCHEME, answer);
}

/** The address of a page of the window. `path` begins with a slash. */
export function uiAddress(path: string): string {
  return `${UI_SCHEME}://${UI_HOST}${path}`;
}

/** True for pages of ours: by scheme and host, as neither a prefix nor the origin of an unknown scheme can tell. */
export function isUiAddress(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === `${UI_SCHEME}:` && url.host === UI_HOST;
}
