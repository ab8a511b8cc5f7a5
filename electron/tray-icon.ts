// The icon of the tray: the worst state, drawn for the bar it sits in. A template on macOS, which colours it itself; light
// or dark elsewhere, by the colour of the bar and not of the windows; an icon file with all sizes on Windows.
import { join } from 'node:path';
import { type NativeImage, nativeImage, nativeTheme } from 'electron';
import { iconFile } from './tray-icon-file.ts';
import type { TrayStatus } from './tray-status.ts';

export interface TrayIcons {
  image(status: TrayStatus): NativeImage;
  /** Told when the bar changed its colour; returns the way to stop. */
  onChanged(listener: () => void): () => void;
}

/** `folder`: of the rendered icons. Electron picks `@2x` files by itself. */
export function createTrayIcons(folder: string, platform: NodeJS.Platform = process.platform): TrayIcons {
  return {
    image(status) {
      const file = iconFile(status, platform, nativeTheme.shouldUseDarkColorsForSystemIntegratedUI);
      return nativeImage.createFromPath(join(folder, file));
    },
    onChanged(listener) {
      nativeTheme.on('updated', listener);
      return () => nativeTheme.off('updated', listener);
    },
  };
}
