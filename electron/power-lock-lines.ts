// What the monitor of the login manager prints, line by line, turned into "the screen was locked" and "it was unlocked".
// Pure; reads both forms, that of gdbus and that of dbus-monitor. systemd, org.freedesktop.login1(5).

export type ScreenLock = 'locked' | 'unlocked';

/** Fed with each line in order; answers when one says something. */
export function createLockReader(): (line: string) => ScreenLock | undefined {
  let hintComes = false;
  return (line) => {
    if (hintComes) {
      hintComes = false;
      const value = /\bboolean (true|false)\b/.exec(line)?.[1];
      if (value !== undefined) return value === 'true' ? 'locked' : 'unlocked';
    }
    // gdbus: … org.freedesktop.DBus.Properties.PropertiesChanged ('…Session', {'LockedHint': <true>}, @as [])
    const hint = /'LockedHint': <(true|false)>/.exec(line)?.[1];
    if (hint !== undefined) return hint === 'true' ? 'locked' : 'unlocked';
    // dbus-monitor has the value of a property in the line after its name.
    hintComes = line.trim() === 'string "LockedHint"';
    const signal = /\blogin1\.Session(?:\.|; member=)(Lock|Unlock)\b/.exec(line)?.[1];
    if (signal === undefined) return undefined;
    return signal === 'Lock' ? 'locked' : 'unlocked';
  };
}

/** The object of our session, out of an answer of the login manager in either form. */
export function sessionPath(answer: string): string | undefined {
  return /\/org\/freedesktop\/login1\/session\/[A-Za-z0-9_]+/.exec(answer)?.[0];
}
