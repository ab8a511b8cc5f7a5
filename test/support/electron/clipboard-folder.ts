// The clipboard of the system as a folder: the plain text in a file of its own, so that a script can be a clipboard program,
// and the other formats that came with that text beside it.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Base64 by MIME type. */
export type Formats = Readonly<Record<string, string>>;

const TEXT = 'text/plain';

/** File of the plain text; no such file: there is none. */
export function textFile(folder: string): string {
  return join(folder, 'copied');
}

export function writeClipboard(folder: string, formats: Formats): void {
  replace(join(folder, 'formats.json'), JSON.stringify(formats));
  const text = formats[TEXT];
  if (text === undefined) rmSync(textFile(folder), { force: true });
  else replace(textFile(folder), Buffer.from(text, 'base64'));
}

/** In one step: the test reads while the app writes. */
function replace(path: string, content: string | Buffer): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

export function readClipboard(folder: string): Formats {
  const text = existsSync(textFile(folder)) ? readFileSync(textFile(folder)).toString('base64') : undefined;
  const file = join(folder, 'formats.json');
  const formats: Formats = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  // Another program has copied something else: what came with the former text is gone with it.
  if (formats[TEXT] === text) return formats;
  return text === undefined ? {} : { [TEXT]: text };
}
