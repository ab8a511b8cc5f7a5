// Bundles what users run into dist/: the commands with the headless host behind them, and the sandbox. Everything is
// inlined (a bundle starts in half the time of the sources) but the keychain library, which is a native module.
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    ssr: true,
    outDir: 'dist',
    emptyOutDir: true,
    target: 'node24',
    minify: false,
    sourcemap: false,
    rolldownOptions: {
      input: { cli: 'cli/main.ts', sandbox: 'sandbox/main.ts' },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  ssr: { noExternal: true, external: ['@napi-rs/keyring'], target: 'node' },
  logLevel: 'warn',
});
