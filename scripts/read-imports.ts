// Reads what a TypeScript source imports, and the texts it holds, without a compiler: one pass over its tokens.
// Comments, strings, templates and regular expressions are told apart, so that code in a text is never taken for code.

export interface Token {
  readonly kind: 'word' | 'string' | 'mark';
  /** Of a string: its content, with `…` for every `${}` of a template. */
  readonly text: string;
  readonly line: number;
}

export interface Import {
  /** As written; undefined when it is computed and cannot be known. */
  readonly from: string | undefined;
  readonly line: number;
  /** Gone when the types are stripped: nothing is loaded. */
  readonly typeOnly: boolean;
}

/** After these words a slash begins a regular expression; after every other word or a closing bracket it divides. */
const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'await',
  'yield',
  'void',
  'delete',
  'throw',
]);

const SPACE = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*/y;
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*|\d[\w.]*/uy;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

/** The words, texts and marks of a source, in order. A mark is one character. */
export function readTokens(source: string): Token[] {
  const tokens: Token[] = [];
  // One entry per open template: how many braces are open inside its `${`, its text so far, and its place in `tokens`.
  const templates: { braces: number; text: string; readonly at: number; readonly line: number }[] = [];
  let at = 0;
  let line = 1;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    if (found === undefined || found === '') return undefined;
    at += found.length;
    return found;
  };
  const add = (kind: Token['kind'], text: string) => tokens.push({ kind, text, line });
  const regexMayFollow = (): boolean => {
    const last = tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === 'word') return BEFORE_REGEX.has(last.text);
    return last.kind === 'mark' && !')]}'.includes(last.text);
  };
  /** The rest of a template up to its end or its next `${`. */
  const template = (): void => {
    const open = templates.at(-1)!;
    for (; at < source.length; at += 1) {
      const character = source[at]!;
      if (character === '`') {
        at += 1;
        templates.pop();
        tokens[open.at] = { kind: 'string', text: open.text, line: open.line };
        return;
      }
      if (character === '$' && source[at + 1] === '{') {
        at += 2;
        open.text += '…';
        return;
      }
      if (character === '\\') {
        at += 1;
        open.text += source[at] ?? '';
      } else open.text += character;
    }
  };

  while (at < source.length) {
    const start = at;
    if (take(SPACE) === undefined) {
      const word = take(WORD);
      const text = word === undefined ? take(STRING) : undefined;
      if (word !== undefined) add('word', word);
      else if (text !== undefined) add('string', text.slice(1, -1).replace(/\\([\s\S])/g, '$1'));
      else if (source[at] !== '/' || !regexMayFollow() || take(REGEX) === undefined) mark(source[at]!);
    }
    line += source.slice(start, at).split('\n').length - 1;
  }
  return tokens;

  function mark(character: string): void {
    at += 1;
    const open = templates.at(-1);
    if (character === '`') {
      templates.push({ braces: 0, text: '', at: tokens.length, line });
      // Stands before what is inside of it; its text is known at its end.
      add('string', '');
      template();
    } else if (character === '}' && open?.braces === 0) template();
    else {
      if (open !== undefined && character === '{') open.braces += 1;
      if (open !== undefined && character === '}') open.braces -= 1;
      add('mark', character);
    }
  }
}

/** Every static, dynamic and type import, and every `export … from`. */
export function readImports(tokens: readonly Token[]): Import[] {
  const imports: Import[] = [];
  tokens.forEach((token, at) => {
    if (token.kind !== 'word') return;
    const before = tokens[at - 1];
    if (before?.text === '.' && before.kind === 'mark') return;
    if (token.text === 'import') {
      const found = importAt(tokens, at);
      if (found !== undefined) imports.push({ ...found, line: token.line });
    } else if (token.text === 'export') {
      const from = sourceOf(tokens, at);
      if (from !== undefined) {
        imports.push({ from, line: token.line, typeOnly: tokens[at + 1]?.text === 'type' });
      }
    } else if (
      token.text === 'require' &&
      tokens[at + 1]?.text === '(' &&
      tokens[at + 2]?.kind === 'string'
    ) {
      imports.push({ from: tokens[at + 2]?.text, line: token.line, typeOnly: false });
    }
  });
  return imports;
}

function importAt(tokens: readonly Token[], at: number): Omit<Import, 'line'> | undefined {
  const [next, second, third] = tokens.slice(at + 1, at + 4);
  if (next?.kind === 'string') return { from: next.text, typeOnly: false };
  if (next?.text === '(') {
    if (second?.kind === 'string') return { from: second.text, typeOnly: tokens[at - 1]?.text === 'typeof' };
    // `import(id: string)` and `import: …` are names of members; `await import(name)` is an import nobody can check.
    const computed = ['await', 'return', '=>', '>', '=', '?', '('].includes(tokens[at - 1]?.text ?? '');
    return computed ? { from: undefined, typeOnly: false } : undefined;
  }
  const from = sourceOf(tokens, at);
  if (from === undefined) return undefined;
  // `import type from 'x'` takes a default export that is called type.
  const typeOnly =
    next?.text === 'type' && second?.text !== ',' && (second?.text !== 'from' || third?.text === 'from');
  return { from, typeOnly };
}

/** The text after `from`, when only a list of names stands between it and the keyword at `at`. */
function sourceOf(tokens: readonly Token[], at: number): string | undefined {
  for (let next = at + 1; next < tokens.length; next += 1) {
    const token = tokens[next]!;
    const following = tokens[next + 1];
    if (token.kind === 'word' && token.text === 'from' && following?.kind === 'string') return following.text;
    const inList = token.kind === 'word' || '{},*'.includes(token.text) || token.kind === 'string';
    if (!inList || (token.kind === 'word' && DECLARES.has(token.text))) return undefined;
  }
  return undefined;
}

/** Words that tell a declaration from a list of names. */
const DECLARES = new Set([
  'const',
  'let',
  'var',
  'function',
  'class',
  'interface',
  'async',
  'enum',
  'import',
  'export',
]);
