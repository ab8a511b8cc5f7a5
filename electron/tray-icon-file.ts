// Which of the rendered icons (scripts/render-icons.ts) a state is shown with. Pure.
import type { TrayStatus } from './tray-status.ts';

/** `darkBar`: the bar is dark, so the key is light. */
export function iconFile(status: TrayStatus, platform: NodeJS.Platform, darkBar: boolean): string {
  if (platform === 'darwin') return `${status}Template.png`;
  return `${status}-${darkBar ? 'light' : 'dark'}.${platform === 'win32' ? 'ico' : 'png'}`;
}
