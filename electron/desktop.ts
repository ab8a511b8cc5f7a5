// The desktop side of the host: what a person prefers put in force, and what this desktop can do, told. It keeps no truth
// of its own: preferences are the file's, the rest is asked of the powers.
import { app, nativeTheme } from 'electron';
import type { DesktopFacts, DesktopPreferences } from '../api/desktop.ts';
import type { DesktopControls } from '../api/desktop-controls.ts';
import { TokentrayError } from '../core/errors.ts';
import type { LinksOwner, LogPort } from '../core/ports.ts';
import { type AutostartOptions, isAutostart, setAutostart } from './autostart.ts';
import type { BrowserChoice } from './browser-choice.ts';
import type { TrayHost } from './bus.ts';
import type { Clipboard } from './clipboard.ts';
import { sessionType } from './clipboard-way.ts';
import { programOf } from './link-registration.ts';
import { linkOwner, runningProgram } from './links.ts';
import type { Power } from './power.ts';
import type { Preferences } from './preferences.ts';
import type { Shortcut } from './shortcut.ts';
import { SANDBOX_OFF } from './start-refusal.ts';
import type { Updates } from './updates.ts';
import type { UiWindow } from './window.ts';

export interface DesktopParts {
  readonly preferences: Preferences;
  readonly browser: BrowserChoice;
  readonly clipboard: Clipboard;
  readonly shortcut: Shortcut;
  readonly power: Power;
  readonly updates: Updates;
  readonly main: UiWindow;
  readonly picker: UiWindow;
  readonly env: NodeJS.ProcessEnv;
  readonly log: LogPort;
  /** Open windows read the desktop anew. */
  readonly changed: () => void;
}

export interface Desktop {
  readonly controls: DesktopControls;
  /** What is found out after the start. */
  tell(found: { readonly tray?: TrayHost; readonly links?: LinksOwner; readonly warning?: string }): void;
  /** What no notification could say: stands among the warnings until the window was closed, or there is a newer one. */
  say(sentence: string): void;
  windowClosed(): void;
  /** Asks again who takes our links. */
  lookAtLinks(): Promise<void>;
}

const NO_TRAY =
  'The tray icon may not be shown on this desktop, since nobody who shows such icons answered; so Tokentray opened its window. GNOME needs the extension "AppIndicator and KStatusNotifierItem Support"; a bare window manager needs a panel that shows tray icons.';
const TRAY_UNKNOWN =
  'Whether a tray is shown on this desktop could not be asked (neither dbus-send nor gdbus is installed), so Tokentray opened its window.';

/** Puts the kept preferences in force. */
export function createDesktop(parts: DesktopParts): Desktop {
  const { preferences, browser, clipboard, shortcut, power, updates, main, picker, env, log, changed } =
    parts;
  const { platform } = process;
  const autostart: AutostartOptions = {
    env,
    platform,
    program: programOf(env, runningProgram()),
    items: app,
  };
  const warnings: string[] = [];
  let tray: TrayHost = platform === 'linux' ? 'unknown' : 'shown';
  /** Before that it is unknown too, for a moment. */
  let asked = false;
  let links: LinksOwner = { kind: 'none' };
  let said: string | undefined;

  followAutostart(autostart, preferences, log);
  apply(preferences.read());

  const facts = (): DesktopFacts => {
    const sandboxed = !app.commandLine.hasSwitch('no-sandbox');
    const refused = shortcut.warning();
    return {
      platform,
      session_type: sessionType(env, platform),
      tray,
      screen_lock: power.screenLock(),
      links: links.kind,
      ...(links.kind === 'other' ? { links_owner: links.name } : {}),
      sandboxed,
      packaged: app.isPackaged,
      updates: updates.state(),
      browsers: browser.found().map(({ id, name, profiles }) => ({ id, name, profiles: [...profiles] })),
      clipboard_way: clipboard.way(),
      warnings: [
        ...(said === undefined ? [] : [said]),
        ...preferences.warnings,
        ...warnings,
        ...(tray === 'no_host' ? [NO_TRAY] : []),
        ...(tray === 'unknown' && asked ? [TRAY_UNKNOWN] : []),
        ...(sandboxed ? [] : [SANDBOX_OFF]),
        ...(refused === undefined ? [] : [refused]),
      ],
    };
  };
  const tell: Desktop['tell'] = (found) => {
    tray = found.tray ?? tray;
    asked ||= found.tray !== undefined;
    links = found.links ?? links;
    if (found.warning !== undefined) warnings.push(found.warning);
    changed();
  };
  return {
    controls: {
      preferences: () => preferences.read(),
      async change(patch) {
        // First what can be refused, so that nothing is kept that is not in force.
        if (patch.autostart !== undefined) tryAutostart(patch.autostart, autostart);
        preferences.change(patch);
        apply(preferences.read());
        changed();
      },
      facts,
      copy: (connection, format) => clipboard.copy(connection, format),
      show: (path) => main.show(path),
      closePicker: () => picker.close(),
    },
    tell,
    say(sentence) {
      said = sentence;
      changed();
    },
    windowClosed() {
      said = undefined;
    },
    async lookAtLinks() {
      const owner = await linkOwner();
      const same =
        owner.kind === links.kind &&
        (owner.kind !== 'other' || links.kind !== 'other' || owner.name === links.name);
      if (!same) tell({ links: owner });
    },
  };

  function apply({ theme, shortcut: accelerator, updates: wanted }: DesktopPreferences): void {
    nativeTheme.themeSource = theme;
    shortcut.set(accelerator);
    updates.enable(wanted);
  }
}

/** Who took us off the system's list has turned it off; who has not gets the program where it lies now. */
function followAutostart(options: AutostartOptions, preferences: Preferences, log: LogPort): void {
  if (!preferences.read().autostart) return;
  try {
    if (isAutostart(options)) setAutostart(true, options);
    else preferences.change({ autostart: false });
  } catch (error) {
    log.warn('autostart_not_kept', { error: error instanceof Error ? error.name : 'unknown' });
  }
}

function tryAutostart(enabled: boolean, options: AutostartOptions): void {
  try {
    setAutostart(enabled, options);
  } catch (error) {
    if (error instanceof TokentrayError) throw error;
    throw new TokentrayError(
      'storage',
      'Starting at login could not be changed. Check the folder of autostart entries.',
      {
        field: 'autostart',
      },
    );
  }
}
