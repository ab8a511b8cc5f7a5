// Reasons for a package not to start: switches that open the process to a debugger or a script, or take its guards away.
// Pure; the fuses stop what Node itself would read, this stops what Chromium would.
import { TokentrayError } from '../core/errors.ts';

/** Each hands the process, or what it draws and sends, to whoever started it. */
const REFUSED_SWITCHES = [
  'inspect',
  'inspect-brk',
  'inspect-port',
  'inspect-publish-uid',
  'remote-debugging-port',
  'remote-debugging-pipe',
  'remote-allow-origins',
  'load-extension',
  'disable-web-security',
  'allow-file-access-from-files',
  'ignore-certificate-errors',
  'host-rules',
  'host-resolver-rules',
  'js-flags',
  'renderer-cmd-prefix',
  'utility-cmd-prefix',
  'gpu-launcher',
  'browser-subprocess-path',
  'ssl-key-log-file',
  'log-net-log',
] as const;

/** The name of the first switch a package must not run with; undefined when it may start. */
export function refusedSwitch(given: (name: string) => boolean): string | undefined {
  return REFUSED_SWITCHES.find(given);
}

export function startRefused(name: string): TokentrayError {
  return new TokentrayError(
    'denied',
    `Tokentray does not start with --${name}: it would open its tokens to others.`,
  );
}

export const SANDBOX_OFF =
  'The windows run without the sandbox of the system, because this start has --no-sandbox. An AppImage does that by itself where the system forbids unprivileged user namespaces; the deb and rpm packages do not need it.';
