// The icons that are committed: all there, of these very drawings, and in the forms that the systems read.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { iconFile } from '../../electron/tray-icon-file.ts';
import { TRAY_STATUSES } from '../../electron/tray-status.ts';

const FOLDER = join(import.meta.dirname, '../../electron/icons');
const read = (path: string) => readFileSync(join(FOLDER, path));
/** Width of a PNG, out of its header. */
const width = (path: string) => read(path).readUInt32BE(16);

test('the rendered icons are of the drawings that are in the tree (else: npm run icons)', () => {
  const digests = globSync('*.svg', { cwd: FOLDER })
    .sort()
    .map((name) => `${createHash('sha256').update(read(name)).digest('hex')}  ${name}\n`);
  assert.equal(read('rendered.sha256').toString(), digests.join(''));
});

test('every state has a template for macOS, and a light and a dark icon elsewhere, each at two sizes or more', () => {
  for (const status of TRAY_STATUSES) {
    const template = iconFile(status, 'darwin', false);
    assert.match(template, /Template\.png$/);
    assert.equal(width(`tray/${template}`), 18);
    assert.equal(width(`tray/${template.replace('.png', '@2x.png')}`), 36);
    for (const dark of [false, true]) {
      const linux = iconFile(status, 'linux', dark);
      assert.equal(width(`tray/${linux}`), 22);
      assert.equal(width(`tray/${linux.replace('.png', '@2x.png')}`), 44);
      const windows = read(`tray/${iconFile(status, 'win32', dark)}`);
      assert.equal(windows.readUInt16LE(4), 6);
    }
  }
  assert.equal(iconFile('error', 'linux', true), 'error-light.png');
});

test('no two states look alike', () => {
  for (const bar of ['dark', 'light']) {
    const pictures = TRAY_STATUSES.map((status) => read(`tray/${status}-${bar}.png`).toString('base64'));
    assert.equal(new Set(pictures).size, TRAY_STATUSES.length);
  }
});

test('the packages have their icons: icns up to 1024 pixels, ico up to 256, png of 512', () => {
  const icns = read('app/icon.icns');
  assert.equal(icns.toString('latin1', 0, 4), 'icns');
  assert.equal(icns.readUInt32BE(4), icns.length);
  assert.ok(icns.includes('ic10'));
  assert.equal(read('app/icon.ico').readUInt16LE(4), 6);
  assert.equal(width('app/512x512.png'), 512);
});
