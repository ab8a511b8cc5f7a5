// nativeImage, as far as icons need it: a file that is not there gives an empty image, and a tray refuses that one.
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { strict, strictObject } from './strict.ts';

export class NativeImage extends strict('NativeImage') {
  /** Name of the file, or `data:` for one that came as bytes. */
  readonly source: string;
  readonly #bytes: Buffer;
  #template: boolean;

  constructor(source: string, bytes: Buffer) {
    super();
    this.source = source;
    this.#bytes = bytes;
    this.#template = /Template(?:@2x)?\.png$/.test(source);
  }

  isEmpty(): boolean {
    return this.#bytes.length === 0;
  }

  isTemplateImage(): boolean {
    return this.#template;
  }

  setTemplateImage(template: boolean): void {
    this.#template = template;
  }

  getSize(): Electron.Size {
    // PNG 11.2.2: width and height stand at byte 16 and 20.
    return this.#bytes.length < 24 || this.#bytes.readUInt32BE(0) !== 0x89504e47
      ? { width: 0, height: 0 }
      : { width: this.#bytes.readUInt32BE(16), height: this.#bytes.readUInt32BE(20) };
  }

  toPNG(): Buffer {
    return this.#bytes;
  }

  toDataURL(): string {
    return `data:image/png;base64,${this.#bytes.toString('base64')}`;
  }
}

function createFromPath(path: string): NativeImage {
  return new NativeImage(basename(path), existsSync(path) ? readFileSync(path) : Buffer.alloc(0));
}

/** What a tray makes of what it is given. Throws Electron's error for a picture that is not there. */
export function loadImage(image: NativeImage | string): NativeImage {
  const loaded = typeof image === 'string' ? createFromPath(image) : image;
  if (loaded.isEmpty())
    throw new Error(`Failed to load image from path '${typeof image === 'string' ? image : loaded.source}'`);
  return loaded;
}

export const nativeImage = strictObject('nativeImage', {
  createFromPath,
  createEmpty: () => new NativeImage('', Buffer.alloc(0)),
  createFromBuffer: (bytes: Buffer) => new NativeImage('data:', bytes),
  createFromDataURL: (url: string) =>
    new NativeImage('data:', Buffer.from(url.split(',')[1] ?? '', 'base64')),
});
