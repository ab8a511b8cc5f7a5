// Bundles the window into dist/renderer/. The page runs under `default-src 'none'` with scripts, styles and images from
// its own origin only, so nothing may be inlined: no data: assets, no preload script, no style from JavaScript.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'renderer',
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    // The first versions with `light-dark()` and `Promise.withResolvers`: early 2024.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    // One file: everything it holds is needed within a second, and the host is on this machine.
    chunkSizeWarningLimit: 800,
  },
  logLevel: 'warn',
});
