// Puts the stand-in in the place of `electron`, for `import` and `require` alike; loaded with `--import` before the main file.
// The module has named exports and a default one, as Electron's has.
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const URL_OF_IT = 'stand-in:electron';
const EXPORTS = JSON.stringify(new URL('./exports.ts', import.meta.url).href);
const SOURCE = `export * from ${EXPORTS};\nimport * as all from ${EXPORTS};\nexport default all;\n`;

// What launch.ts decided; the stand-in reads all of it.
const { main } = JSON.parse(process.env.STAND_IN ?? '{}') as { readonly main?: string };

registerHooks({
  resolve(name, context, next) {
    if (name === 'electron' || name === 'electron/main')
      return { url: URL_OF_IT, format: 'module', shortCircuit: true };
    if (main !== undefined && name === './main-file.ts') return next(pathToFileURL(main).href, context);
    return next(name, context);
  },
  load: (url, context, next) =>
    url === URL_OF_IT ? { format: 'module', source: SOURCE, shortCircuit: true } : next(url, context),
});
