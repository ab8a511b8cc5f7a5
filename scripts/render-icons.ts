// Renders the drawings in electron/icons into what tray, packages and installers take: `npm run icons`. The results are
// committed; the same drawings and the same browser give the same bytes. Needs Chromium, as the browser tests do.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';

const FOLDER = fileURLToPath(new URL('../electron/icons', import.meta.url));
const TRAY = join(FOLDER, 'tray');
const APP = join(FOLDER, 'app');
const SYSTEM_CHROMIUM = '/usr/bin/chromium';

const STATES = ['fresh', 'expiring', 'consent', 'error', 'locked'] as const;
/** Points of a tray icon: 18 in the menu bar of macOS, 22 on the panels of Linux; Windows picks by its scale. */
const MAC_POINTS = 18;
const LINUX_POINTS = 22;
const WINDOWS_SIZES = [16, 20, 24, 32, 40, 48];
const APP_SIZES = [16, 32, 48, 64, 128, 256, 512];
/** macOS draws its icons on a grid with a margin; elsewhere the margin would only make them small. */
const WITHOUT_MARGIN = '84 84 856 856';

/** Colours of the window's theme (renderer/theme.css): `dark` is for a light bar, `light` for a dark one. */
const INKS = {
  dark: { ink: '#1c1d1f', expiring: '#94600f', consent: '#c2413a', error: '#c2413a' },
  light: { ink: '#ececea', expiring: '#e0a94a', consent: '#ee7a72', error: '#ee7a72' },
} as const;

/** Types of the PNG entries of an icon file of macOS, by pixels. */
const ICNS_TYPES = [
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
] as const;

interface Picture {
  readonly size: number;
  readonly png: Buffer;
  /** Red, green, blue, alpha, row by row. */
  readonly pixels: Buffer;
}

/** Base64. */
interface Drawn {
  readonly png: string;
  readonly pixels: string;
}

/** Draws an SVG text in a square. `style` is CSS for its root. */
async function draw(page: Page, svg: string, size: number, style = ''): Promise<Picture> {
  const sized = svg.replace('<svg ', `<svg width="${size}" height="${size}" style="${style}" `);
  const { png, pixels } = await page.evaluate<Drawn>(`(${DRAW})(${JSON.stringify([sized, size])})`);
  return { size, png: Buffer.from(png, 'base64'), pixels: Buffer.from(pixels, 'base64') };
}

/** Runs in the page, which has types of its own; hence as a text. */
const DRAW = `async ([svg, size]) => {
  const image = new Image();
  image.src = 'data:image/svg+xml;base64,' + btoa(svg);
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0, size, size);
  const { data } = context.getImageData(0, 0, size, size);
  let text = '';
  for (const byte of data) text += String.fromCharCode(byte);
  return { png: canvas.toDataURL('image/png').split(',')[1], pixels: btoa(text) };
}`;

/** An icon file of Windows: bitmaps with 32 bits up to 48 pixels, which every reader knows, PNG above. */
function ico(pictures: readonly Picture[]): Buffer {
  const images = pictures.map((picture) => (picture.size > 48 ? picture.png : bitmap(picture)));
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  for (const [at, image] of images.entries()) {
    const entry = 6 + 16 * at;
    const { size } = pictures[at]!;
    head.writeUInt8(size % 256, entry);
    head.writeUInt8(size % 256, entry + 1);
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(image.length, entry + 8);
    head.writeUInt32LE(offset, entry + 12);
    offset += image.length;
  }
  return Buffer.concat([head, ...images]);
}

/** BITMAPINFOHEADER, rows from below in blue, green, red, alpha, then a mask that is empty because alpha says it all. */
function bitmap({ size, pixels }: Picture): Buffer {
  const head = Buffer.alloc(40);
  head.writeUInt32LE(40, 0);
  head.writeInt32LE(size, 4);
  head.writeInt32LE(size * 2, 8);
  head.writeUInt16LE(1, 12);
  head.writeUInt16LE(32, 14);
  const body = Buffer.alloc(size * size * 4);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const from = (y * size + x) * 4;
      const to = ((size - 1 - y) * size + x) * 4;
      body.set([pixels[from + 2]!, pixels[from + 1]!, pixels[from]!, pixels[from + 3]!], to);
    }
  }
  const maskRow = Math.ceil(size / 32) * 4;
  return Buffer.concat([head, body, Buffer.alloc(maskRow * size)]);
}

function icns(bySize: ReadonlyMap<number, Picture>): Buffer {
  const entries = ICNS_TYPES.map(([type, size]) => {
    const { png } = bySize.get(size)!;
    const head = Buffer.alloc(8);
    head.write(type, 0, 'latin1');
    head.writeUInt32BE(png.length + 8, 4);
    return Buffer.concat([head, png]);
  });
  const head = Buffer.alloc(8);
  head.write('icns', 0, 'latin1');
  head.writeUInt32BE(8 + entries.reduce((sum, entry) => sum + entry.length, 0), 4);
  return Buffer.concat([head, ...entries]);
}

async function renderTray(page: Page): Promise<void> {
  for (const state of STATES) {
    const svg = readFileSync(join(FOLDER, `tray-${state}.svg`), 'utf8');
    const write = (name: string, content: Buffer) => writeFileSync(join(TRAY, name), content);
    const render = (size: number, style: string) => draw(page, svg, size, style);
    write(`${state}Template.png`, (await render(MAC_POINTS, 'color:#000')).png);
    write(`${state}Template@2x.png`, (await render(MAC_POINTS * 2, 'color:#000')).png);
    for (const [bar, colours] of Object.entries(INKS)) {
      const badge = state in colours ? colours[state as keyof typeof colours] : colours.ink;
      const style = `color:${colours.ink};--badge:${badge}`;
      write(`${state}-${bar}.png`, (await render(LINUX_POINTS, style)).png);
      write(`${state}-${bar}@2x.png`, (await render(LINUX_POINTS * 2, style)).png);
      const sizes: Picture[] = [];
      for (const size of WINDOWS_SIZES) sizes.push(await render(size, style));
      write(`${state}-${bar}.ico`, ico(sizes));
    }
  }
}

async function renderApp(page: Page): Promise<void> {
  const svg = readFileSync(join(FOLDER, 'app.svg'), 'utf8');
  const tight = svg.replace(/viewBox="[^"]*"/, `viewBox="${WITHOUT_MARGIN}"`);
  const pictures: Picture[] = [];
  for (const size of APP_SIZES) pictures.push(await draw(page, tight, size));
  // The names that electron-builder looks for in a folder of Linux icons.
  for (const { size, png } of pictures) writeFileSync(join(APP, `${size}x${size}.png`), png);
  writeFileSync(join(APP, 'icon.ico'), ico(pictures.filter(({ size }) => size <= 256)));
  const mac = new Map<number, Picture>();
  for (const [, size] of ICNS_TYPES) if (!mac.has(size)) mac.set(size, await draw(page, svg, size));
  writeFileSync(join(APP, 'icon.icns'), icns(mac));
}

/** Which drawings the committed results are of: a test compares, so that no drawing is changed without its results. */
function writeSources(): void {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.svg'));
  const digests = names.sort().map((name) => {
    const digest = createHash('sha256')
      .update(readFileSync(join(FOLDER, name)))
      .digest('hex');
    return `${digest}  ${name}\n`;
  });
  writeFileSync(join(FOLDER, 'rendered.sha256'), digests.join(''));
}

for (const folder of [TRAY, APP]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
const browser = await chromium.launch({
  ...(existsSync(SYSTEM_CHROMIUM) ? { executablePath: SYSTEM_CHROMIUM } : {}),
  args: ['--disable-gpu', '--force-color-profile=srgb'],
  chromiumSandbox: process.getuid?.() !== 0 && !process.env.CI,
});
try {
  const page = await browser.newPage();
  await renderTray(page);
  await renderApp(page);
  writeSources();
} finally {
  await browser.close();
}
process.stdout.write(`Rendered into ${FOLDER}\n`);
