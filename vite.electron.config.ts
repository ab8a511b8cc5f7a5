// Bundles the tray's main process into dist/electron/. Like the other bundles everything is inlined but Electron itself
// and the native keychain library; the updater stays a file of its own, because it may be loaded in packages only.
import { copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

// Electron picks `@2x` files and macOS templates by their names, so they keep them: no import, no hash.
const icons: Plugin = {
  name: 'tray-icons',
  writeBundle({ dir = 'dist/electron' }) {
    cpSync('electron/icons/tray', join(dir, 'icons'), { recursive: true });
    copyFileSync('electron/icons/app/128x128.png', join(dir, 'icons', 'window.png'));
  },
};

const OUTSIDE = ['electron', '@napi-rs/keyring'];

export default defineConfig({
  plugins: [icons],
  build: {
    ssr: 'electron/main.ts',
    outDir: 'dist/electron',
    emptyOutDir: true,
    // Node of Electron 45.
    target: 'node24',
    minify: false,
    sourcemap: false,
    rolldownOptions: {
      external: OUTSIDE,
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  ssr: { noExternal: true, external: OUTSIDE, target: 'node' },
  logLevel: 'warn',
});
