// What electron-builder runs when a package is laid out and not yet signed. Its own `electronFuses` is not used: the copy of
// the library inside it knows eight of the nine fuses.
import { join } from 'node:path';
import type { AfterPackContext } from 'electron-builder';
import { burnFuses } from './fuses.ts';

export async function afterPack(context: AfterPackContext): Promise<void> {
  const { appOutDir, electronPlatformName, packager } = context;
  // A universal package is laid out three times; only what is merged is shipped.
  if (electronPlatformName === 'darwin' && appOutDir.endsWith('-temp')) return;
  const { productFilename } = packager.appInfo;
  const program = {
    darwin: `${productFilename}.app`,
    win32: `${productFilename}.exe`,
  }[electronPlatformName];
  const unsigned = electronPlatformName === 'darwin' && process.env.CSC_LINK === undefined;
  await burnFuses(join(appOutDir, program ?? packager.executableName), unsigned);
}
