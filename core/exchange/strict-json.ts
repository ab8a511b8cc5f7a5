// JSON that comes from outside as a file: refused before anything of it is used, for everything that two readers could
// understand in two ways (promise 189). RFC 8259 section 4 leaves duplicate names to each reader; we take none.
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { isObject, isShallow } from '../oauth/json.ts';

/** Names that reach into the prototypes of JavaScript objects. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** The object in `bytes`. Throws `import_refused`, without a word of the text. */
export function strictJson(bytes: Uint8Array): Record<string, unknown> {
  const text = textOf(bytes);
  if (!isShallow(text, LIMITS.jsonDepth))
    throw refused(`it is nested deeper than ${LIMITS.jsonDepth} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw refused('it is not JSON');
  }
  checkNames(text);
  if (!isObject(value)) throw refused('it is not a JSON object');
  return value;
}

export function refused(why: string): TokentrayError {
  return new TokentrayError('import_refused', `The file is refused: ${why}. Nothing was imported.`, {
    field: 'path',
  });
}

function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw refused('it begins with a byte order mark');
  if (bytes.includes(0)) throw refused('it holds a NUL byte');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw refused('it is not UTF-8');
  }
}

/** Walks over a text that is known to be JSON and looks at the name of every member. */
function checkNames(text: string): void {
  /** Of each bracket that is open: the names so far, or undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let mayBeName = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (mayBeName && names) checkName(String(JSON.parse(text.slice(at, end + 1))), names);
      mayBeName = false;
      at = end;
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      mayBeName = true;
    } else if (character === '}' || character === ']') open.pop();
    else if (character === ',') mayBeName = true;
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function checkName(name: string, names: Set<string>): void {
  if (FORBIDDEN.has(name)) throw refused(`it has a member named ${name}`);
  if (names.has(name)) throw refused('it names a member of one object twice');
  names.add(name);
}
