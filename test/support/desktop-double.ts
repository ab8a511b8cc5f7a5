// The desktop as a host sees it: preferences in memory, facts of a plain Linux desktop, and a record of what it was asked.
import { type DesktopFacts, type DesktopPreferences, USUAL_PREFERENCES } from '../../api/desktop.ts';
import type { DesktopControls } from '../../api/desktop-controls.ts';

export interface DesktopDouble {
  readonly controls: DesktopControls;
  readonly asked: unknown[][];
}

const FACTS: DesktopFacts = {
  platform: 'linux',
  session_type: 'x11',
  tray: 'shown',
  screen_lock: 'seen',
  links: 'ours',
  sandboxed: true,
  packaged: false,
  updates: 'off',
  browsers: [{ id: 'firefox', name: 'Firefox', profiles: [{ id: 'work', name: 'Work' }] }],
  clipboard_way: 'direct',
  warnings: ['This is a test.'],
};

/** `changed`: called after a change, as the real one does. */
export function desktopDouble(changed: () => void = () => undefined): DesktopDouble {
  const asked: unknown[][] = [];
  let preferences: DesktopPreferences = USUAL_PREFERENCES;
  return {
    asked,
    controls: {
      preferences: () => preferences,
      async change(patch) {
        preferences = { ...preferences, ...patch };
        changed();
      },
      facts: () => FACTS,
      async copy(id, format) {
        asked.push(['copy', id, format]);
        return { copied: true, clearsIn: 30, sentence: 'Copied. It leaves the clipboard in 30 seconds.' };
      },
      show: (path) => void asked.push(['show', path]),
      closePicker: () => void asked.push(['closePicker']),
    },
  };
}
