// From a file to a document: everything that can be wrong with it is found before anything of it is used.
// What must stay true: one reason refuses the whole file, and no text of it is in the reason.
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { fileError } from '../vault/file-safety.ts';
import { openOutside } from '../vault/outside-file.ts';
import { type ExportDocument, parseDocument } from './document.ts';
import { isSealed, openExport, passphraseNeeded } from './sealed-export.ts';
import { refused, strictJson } from './strict-json.ts';

/** Throws `import_refused`, `export_not_opened`, or what `openOutside` throws. */
export async function readDocument(
  path: string,
  passphrase: string | undefined,
  dataDirectory: string,
): Promise<ExportDocument> {
  return documentIn(await readWhole(path, dataDirectory), passphrase);
}

export async function documentIn(bytes: Uint8Array, passphrase: string | undefined): Promise<ExportDocument> {
  if (bytes.length > LIMITS.importBytes) throw tooLarge();
  const sealed = isSealed(bytes);
  if (sealed && passphrase === undefined) throw passphraseNeeded();
  if (!sealed && passphrase !== undefined) throw refused('it is not sealed, although a passphrase was given');
  const value = strictJson(sealed ? await openExport(bytes, passphrase!) : bytes);
  return judged(() => parseDocument(value, sealed));
}

/** One field that does not belong makes the whole file unsafe (promise 191). */
export function judged<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const codes = ['unknown_field', 'invalid_field', 'bad_request'];
    if (!(error instanceof TokentrayError) || !codes.includes(error.code)) throw error;
    const why =
      error.code === 'unknown_field'
        ? `The file has ${error.details.field}, which no import may set.`
        : error.message;
    throw new TokentrayError(
      'import_refused',
      `${why} The whole file is refused as unsafe; nothing was imported.`,
      { field: 'path' },
    );
  }
}

async function readWhole(path: string, dataDirectory: string): Promise<Uint8Array> {
  const { file, bytes } = await openOutside(path, dataDirectory);
  try {
    if (bytes > LIMITS.importBytes) throw tooLarge();
    return await file.readFile();
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await file.close();
  }
}

function tooLarge(): TokentrayError {
  return refused(`it is larger than ${LIMITS.importBytes / 1e6} MB`);
}
