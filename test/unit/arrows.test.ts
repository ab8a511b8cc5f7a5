// The arrows between the rooms hold here, and the check that says so notices every way to break them.
// The broken twins are small trees in a temporary folder.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkArrows } from '../../scripts/check-arrows.ts';
import { readImports, readTokens } from '../../scripts/read-imports.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPT = join(ROOT, 'scripts', 'check-arrows.ts');

function breachesOf(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'arrows-'));
  try {
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), source);
    }
    return checkArrows(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** A file with its header on line 1, so that `line` stands on line 2. */
const file = (line: string) => `// What this file owns.\n${line}\nexport const x = 1;\n`;

test('no room of this project imports what it may not', () => {
  assert.deepEqual(checkArrows(ROOT), []);
});

/** Path, its second line, and the breach to be found; undefined where all is well. */
const CASES: readonly (readonly [path: string, line: string, breach: string | undefined])[] = [
  ['core/a.ts', "import { Hono } from 'hono';", 'core/a.ts:2 imports hono; core may not'],
  ['core/a.ts', "import type { Hono } from 'hono';", 'core/a.ts:2 imports hono; core may not'],
  ['core/a.ts', "import '../api/b.ts';", 'core/a.ts:2 imports api/b.ts; core may not'],
  [
    'core/deep/a.ts',
    "import { b } from '../../host/b.ts';",
    'core/deep/a.ts:2 imports host/b.ts; core may not',
  ],
  ['core/a.ts', "export { b } from 'react';", 'core/a.ts:2 imports react; core may not'],
  [
    'core/a.ts',
    "const b = await import('electron');",
    'core/a.ts:2 imports electron, which downloads a binary; only electron/ may',
  ],
  ['core/a.ts', "const b = require('pino');", 'core/a.ts:2 imports pino; core may not'],
  ['core/a.ts', 'const b = await import(name);', 'core/a.ts:2 computes what it imports; write the name out'],
  ['core/a.ts', "import { x } from 'fs';", 'core/a.ts:2 imports fs; write node:fs'],
  ['core/a.ts', "import { b } from './b.js';", 'core/a.ts:2 imports ./b.js; end it in .ts'],
  ['core/a.ts', "import { x } from 'node:fs';", undefined],
  ['core/a.ts', "import { z } from 'zod';", undefined],
  ['api/a.ts', "import { readFileSync } from 'node:fs';", 'api/a.ts:2 imports node:fs; api may not'],
  ['api/a.ts', "import type { IncomingMessage } from 'node:http';", undefined],
  ['api/a.ts', "import { b } from '../host/b.ts';", 'api/a.ts:2 imports host/b.ts; api may not'],
  ['host/a.ts', "import { b } from '../sandbox/b.ts';", 'host/a.ts:2 imports sandbox/b.ts; host may not'],
  ['host/a.ts', "import { b } from '../core/b.ts';", undefined],
  [
    'cli/a.ts',
    "import { b } from '../api/b.ts';",
    'cli/a.ts:2 imports api/b.ts; cli may import its types only',
  ],
  [
    'cli/a.ts',
    "import { type B, b } from '../api/b.ts';",
    'cli/a.ts:2 imports api/b.ts; cli may import its types only',
  ],
  ['cli/a.ts', "import type { B } from '../api/b.ts';", undefined],
  ['cli/a.ts', "import type { B } from '../core/b.ts';", 'cli/a.ts:2 imports core/b.ts; cli may not'],
  ['cli/serve.ts', "import { b } from '../core/b.ts';", undefined],
  [
    'cli/serve.ts',
    "import { b } from '../sandbox/b.ts';",
    'cli/serve.ts:2 imports sandbox/b.ts; cli/serve may not',
  ],
  [
    'renderer/a.tsx',
    "import { b } from '../core/b.ts';",
    'renderer/a.tsx:2 imports core/b.ts; renderer may not',
  ],
  [
    'renderer/a.tsx',
    "import { b } from '../api/b.ts';",
    'renderer/a.tsx:2 imports api/b.ts; renderer may import its types only',
  ],
  [
    'renderer/a.tsx',
    "import { readFile } from 'node:fs/promises';",
    'renderer/a.tsx:2 imports node:fs/promises; renderer may not',
  ],
  ['renderer/a.tsx', "import { useState } from 'react';", undefined],
  ['sandbox/a.ts', "import { b } from '../core/b.ts';", 'sandbox/a.ts:2 imports core/b.ts; sandbox may not'],
  ['scripts/a.ts', "import { b } from '../core/b.ts';", 'scripts/a.ts:2 imports core/b.ts; scripts may not'],
  ['scripts/a.ts', "import { b } from '../sandbox/user-agent.ts';", undefined],
  [
    'scripts/a.ts',
    "import { b } from '../sandbox/store.ts';",
    'scripts/a.ts:2 imports sandbox/store.ts; scripts may not',
  ],
  [
    'host/a.ts',
    "import { b } from '../test/support/b.ts';",
    'host/a.ts:2 imports test/support/b.ts; host may not',
  ],
  [
    'test/a.ts',
    "import { app } from 'electron';",
    'test/a.ts:2 imports electron, which downloads a binary; only electron/ may',
  ],
  ['test/a.ts', "import type { App } from 'electron';", undefined],
  ['electron/a.ts', "import { app } from 'electron';", undefined],
  ['core/a.ts', 'export default 1;', 'core/a.ts:2 has a default export; give it its name'],
  [
    'core/a.ts',
    'const b = 1; export { b as default };',
    'core/a.ts:2 has a default export; give it its name',
  ],
  ['core/utils.ts', '', 'core/utils.ts:1 is called utils; say what is inside'],
  ['core/helpers/a.ts', '', 'core/helpers/a.ts:1 is called helpers; say what is inside'],
  ['core/index.ts', '', 'core/index.ts:1 is called index; say what is inside'],
  ['core/tokenSet.ts', '', 'core/tokenSet.ts:1 is not in kebab-case: tokenSet'],
];

test('every wrong arrow, name and export is told with its place, and a right one is not', () => {
  for (const [path, line, breach] of CASES) {
    assert.deepEqual(
      breachesOf({ [path]: file(line) }),
      breach === undefined ? [] : [breach],
      `${path}: ${line}`,
    );
  }
});

test('a file without a header comment is told, one that begins with #! and a comment is not', () => {
  assert.deepEqual(
    breachesOf({ 'cli/a.ts': '#!/usr/bin/env node\n// What this file owns.\nexport const x = 1;\n' }),
    [],
  );
  assert.deepEqual(breachesOf({ 'cli/a.ts': 'export const x = 1;\n' }), [
    'cli/a.ts:1 has no header comment; say what it owns and what must stay true',
  ]);
});

test('imports in comments, texts, templates and regular expressions are not imports, and those behind them are', () => {
  const source = [
    "// import a from 'comment'",
    "/* import 'comment' */ const text = \"import 'text'\";",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source under test holds a template.
    "const template = `import 'template' ${`import('inner')`} ${await import('in-template')}`;",
    "const pattern = /import 'regex' [/'\"`]/; const half = 4 / 2; import('after-regex');",
    'interface Named { import(id: string): void; from: string }',
    'const meta = import.meta.url; object.import("member");',
    "let type: typeof import('type-only');",
    "import type from 'called-type';",
    "export type { T } from 'types';",
    "import data from './data.json' with { type: 'json' };",
  ].join('\n');
  const found = readImports(readTokens(source)).map(({ from, line, typeOnly }) => [from, line, typeOnly]);
  assert.deepEqual(found, [
    ['in-template', 3, false],
    ['after-regex', 4, false],
    ['type-only', 7, true],
    ['called-type', 8, false],
    ['types', 9, true],
    ['./data.json', 10, false],
  ]);
});

test('the command ends with 1 and prints the breaches of a broken tree', () => {
  const root = mkdtempSync(join(tmpdir(), 'arrows-'));
  try {
    writeFileSync(join(root, 'package.json'), '{}');
    mkdirSync(join(root, 'core'));
    writeFileSync(join(root, 'core', 'x.ts'), file("import { Hono } from 'hono';"));
    const broken = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
    assert.deepEqual([broken.status, broken.stdout], [1, 'core/x.ts:2 imports hono; core may not\n']);
    writeFileSync(join(root, 'core', 'x.ts'), file("import { z } from 'zod';"));
    const whole = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
    assert.deepEqual([whole.status, whole.stdout], [0, '']);
  } finally {
    rmSync(root, { recursive: true });
  }
});
