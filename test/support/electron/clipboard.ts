// The clipboard: what other programs would find (a file of the test, which a fake wl-copy writes too), and what this process
// believes. On Wayland without a focused window a write is dropped without a word, and reading back shows it all the same.
import { type Formats, readClipboard, writeClipboard } from './clipboard-folder.ts';
import { settings } from './settings.ts';
import { strictObject } from './strict.ts';
import { hasFocus } from './window.ts';

type Content = string | Blob | Electron.ClipboardBookmark;

export class ClipboardItem {
  readonly types: string[];
  readonly #items: Readonly<Record<string, Content | Promise<Content>>>;

  constructor(items: ConstructorParameters<typeof Electron.ClipboardItem>[0]) {
    this.#items = items;
    this.types = Object.keys(items);
  }

  async getType(type: string): Promise<Blob> {
    const content = await this.#items[type];
    if (content === undefined) throw new Error(`The type ${type} was not found`);
    if (content instanceof Blob) return content;
    return new Blob([typeof content === 'string' ? content : JSON.stringify(content)], { type });
  }
}

/** What this process wrote, as long as it believes to own the clipboard. */
let own: Formats | undefined;

function store(formats: Formats): void {
  own = formats;
  if (!isDeaf()) writeClipboard(settings.clipboard, formats);
}

function load(): Formats {
  return own !== undefined && isDeaf() ? own : readClipboard(settings.clipboard);
}

function isDeaf(): boolean {
  return process.platform === 'linux' && process.env.XDG_SESSION_TYPE === 'wayland' && !hasFocus();
}

async function write(items: ClipboardItem[]): Promise<void> {
  const formats: Record<string, string> = {};
  for (const item of items) {
    for (const type of item.types) {
      const bytes = await (await item.getType(type)).arrayBuffer();
      formats[type] = Buffer.from(bytes).toString('base64');
    }
  }
  store(formats);
}

export const clipboard = strictObject('clipboard', {
  write,
  writeText: (text: string): Promise<void> => write([new ClipboardItem({ 'text/plain': text })]),
  async readText(): Promise<string> {
    return Buffer.from(load()['text/plain'] ?? '', 'base64').toString();
  },
  async read(): Promise<ClipboardItem[]> {
    const entries = Object.entries(load());
    if (entries.length === 0) return [];
    return [
      new ClipboardItem(
        Object.fromEntries(
          entries.map(([type, base64]) => [type, new Blob([Buffer.from(base64, 'base64')])]),
        ),
      ),
    ];
  },
  async has(type: string): Promise<boolean> {
    return type in load();
  },
  clear(): void {
    store({});
  },
});
