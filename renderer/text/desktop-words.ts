// What this desktop can and cannot do, in sentences that promise no more than is known. Pure.
import type { DesktopJson } from '../../api/wire.ts';
import type { Tone } from '../ui/tone.ts';

type Facts = DesktopJson['facts'];

export interface Fact {
  readonly label: string;
  readonly tone: Tone;
  readonly sentence: string;
}

const TRAY: Readonly<Record<Facts['tray'], readonly [Tone, string]>> = {
  shown: ['fresh', 'Shown.'],
  no_host: [
    'warn',
    'It may not be shown: nobody who shows tray icons answers here. This window opens instead.',
  ],
  unknown: ['quiet', 'Nobody can tell whether it is shown here.'],
};

const CLIPBOARD: Readonly<Record<Facts['clipboard_way'], string>> = {
  direct: 'Written directly.',
  'wl-copy': 'Written by wl-copy when no window of Tokentray has the focus.',
  picker: 'Only a window with the focus may write. From the tray, the quick picker opens for a moment.',
};

const UPDATES: Readonly<Record<Facts['updates'], string>> = {
  off: 'This build is not updated by itself.',
  idle: 'Nothing new was found.',
  checking: 'Looking for a new version.',
  available: 'A new version is being fetched.',
  ready: 'A new version is ready. It is used at the next start.',
  failed: 'The last look did not work. It is tried again later.',
};

export function desktopFacts(facts: Facts): readonly Fact[] {
  const [tone, tray] = TRAY[facts.tray];
  return [
    { label: 'Tray icon', tone, sentence: tray },
    { label: 'Clipboard', tone: 'quiet', sentence: CLIPBOARD[facts.clipboard_way] },
    { label: 'Links', ...links(facts) },
    {
      label: 'Screen lock',
      ...(facts.screen_lock === 'seen'
        ? { tone: 'fresh', sentence: 'Seen: the vault is locked with the screen.' }
        : { tone: 'quiet', sentence: 'Not seen on this desktop. Lock the vault after a time instead.' }),
    },
    {
      label: 'Sandbox',
      ...(facts.sandboxed
        ? { tone: 'fresh', sentence: 'The window runs in the sandbox of the system.' }
        : { tone: 'warn', sentence: 'The window runs without the sandbox of the system.' }),
    },
    {
      label: 'Updates',
      tone: facts.updates === 'failed' ? 'warn' : 'quiet',
      sentence: UPDATES[facts.updates],
    },
  ];
}

function links({ links, links_owner }: Facts): Pick<Fact, 'tone' | 'sentence'> {
  if (links === 'ours') return { tone: 'fresh', sentence: 'tokentray:// links come here.' };
  if (links === 'none') return { tone: 'quiet', sentence: 'Nobody takes tokentray:// links.' };
  return { tone: 'warn', sentence: `${links_owner ?? 'Another program'} takes tokentray:// links.` };
}

/** `30 seconds`, `5 minutes`; `Never` for 0. */
export function durationWords(seconds: number): string {
  if (seconds === 0) return 'Never';
  const [count, unit] =
    seconds % 3_600 === 0
      ? [seconds / 3_600, 'hour']
      : seconds % 60 === 0
        ? [seconds / 60, 'minute']
        : [seconds, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
