// Fails when a `catch` in core/ drops an error without a word. Every one of them throws on every way out, uses the error (its
// code in a log, an answer, a state), or says why there is nothing to report in a comment that begins with `No error:`.
// How many of these a file may have is written down here, so that a new one is seen by whoever reviews this list.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTokens, type Token } from './read-imports.ts';

/** The reviewed reasons: `No error:` comments per file of core/. */
const REVIEWED: Readonly<Record<string, number>> = {
  'core/access/callers.ts': 1,
  'core/access/hand-out.ts': 1,
  'core/consent/redirect/link.ts': 1,
  'core/consent/redirect/listener.ts': 2,
  'core/exchange/sealed-export.ts': 1,
  'core/oauth/callback.ts': 1,
  'core/oauth/json.ts': 2,
  'core/oauth/revocation.ts': 1,
  'core/refresh/background.ts': 1,
  'core/refresh/refresher.ts': 1,
  'core/refresh/rescue.ts': 1,
  'core/vault/copies.ts': 1,
  'core/vault/database.ts': 2,
  'core/vault/file-safety.ts': 1,
  'core/vault/header.ts': 1,
  'core/vault/ledger.ts': 1,
  'core/vault/remains.ts': 1,
  'core/vault/rows.ts': 1,
  'core/vault/salvage.ts': 3,
  'core/vault/slots.ts': 1,
  'core/vault/vault.ts': 1,
};

export interface Catch {
  readonly line: number;
  /** `silent` is the one that is wrong. */
  readonly verdict: 'throws' | 'uses the error' | 'reasoned' | 'silent';
}

const REASON = /\/\/ No error: \S/;
const LEAVES = new Set(['return', 'continue', 'break']);

/** Every `catch` block and every `.catch(…)` of a source, in order. */
export function readCatches(source: string): Catch[] {
  const tokens = readTokens(source);
  const lines = source.split('\n');
  return tokens.flatMap((token, at) => {
    if (token.kind !== 'word' || token.text !== 'catch') return [];
    const found = tokens[at - 1]?.text === '.' ? handlerOf(tokens, at + 1) : blockOf(tokens, at + 1);
    if (found === undefined) return [];
    const { parameter, body, lastLine } = found;
    // The reason stands above it or inside of it.
    const reasoned = lines.slice(Math.max(0, token.line - 2), lastLine).some((line) => REASON.test(line));
    const verdict = usesError(body, parameter)
      ? 'uses the error'
      : alwaysThrows(body)
        ? 'throws'
        : reasoned
          ? 'reasoned'
          : 'silent';
    return [{ line: token.line, verdict }];
  });
}

interface Caught {
  readonly parameter: string | undefined;
  /** Without its braces. */
  readonly body: readonly Token[];
  readonly lastLine: number;
}

/** `catch (error) { … }` or `catch { … }`; undefined for a name of a member. */
function blockOf(tokens: readonly Token[], at: number): Caught | undefined {
  const named = tokens[at]?.text === '(';
  const end = named ? closing(tokens, at) + 1 : at;
  if (tokens[end]?.text !== '{') return undefined;
  const last = closing(tokens, end);
  return {
    parameter: named ? tokens[at + 1]?.text : undefined,
    body: tokens.slice(end + 1, last),
    lastLine: tokens[last]?.line ?? 0,
  };
}

/** `.catch((error: unknown) => …)`; a name in the place of a function takes the error itself. */
function handlerOf(tokens: readonly Token[], at: number): Caught | undefined {
  if (tokens[at]?.text !== '(') return undefined;
  const last = closing(tokens, at);
  const lastLine = tokens[last]?.line ?? 0;
  const all = tokens.slice(at + 1, last);
  const arrow = all.findIndex(({ text }, place) => text === '=' && all[place + 1]?.text === '>');
  if (arrow < 0) return { parameter: all.at(-1)?.text, body: all, lastLine };
  const parameter = all.slice(0, arrow).find(({ kind, text }) => kind === 'word' && text !== 'async')?.text;
  return { parameter, body: all.slice(arrow + 2), lastLine };
}

/** Where the bracket at `at` is closed. */
function closing(tokens: readonly Token[], at: number): number {
  let depth = 0;
  for (let next = at; next < tokens.length; next += 1) {
    const { kind, text } = tokens[next]!;
    if (kind !== 'mark') continue;
    if ('([{'.includes(text)) depth += 1;
    if (')]}'.includes(text)) depth -= 1;
    if (depth === 0) return next;
  }
  return tokens.length;
}

/** To tell whose error it is, and to throw it on, is not to use it. */
function usesError(body: readonly Token[], parameter: string | undefined): boolean {
  if (parameter === undefined) return false;
  const asked = new Set<number>();
  body.forEach(({ text }, at) => {
    if (text !== 'if' || body[at + 1]?.text !== '(') return;
    for (let inside = at; inside < closing(body, at + 1); inside += 1) asked.add(inside);
  });
  return body.some(({ kind, text }, at) => {
    if (kind !== 'word' || text !== parameter || asked.has(at)) return false;
    const [before, after] = [body[at - 1]?.text ?? '', body[at + 1]?.text ?? ''];
    return !['.', 'throw', 'in'].includes(before) && after !== 'instanceof';
  });
}

/** What a function inside of it returns is no way out of it. */
function alwaysThrows(block: readonly Token[]): boolean {
  const inner = new Set<number>();
  block.forEach(({ text }, at) => {
    if (text !== '>' || block[at - 1]?.text !== '=' || block[at + 1]?.text !== '{') return;
    for (let inside = at + 2; inside < closing(block, at + 1); inside += 1) inner.add(inside);
  });
  const body = block.filter((_, at) => !inner.has(at));
  let depth = 0;
  let starts = true;
  let last = '';
  for (const { kind, text } of body) {
    if (kind === 'word' && LEAVES.has(text)) return false;
    if (depth === 0 && starts && text !== ';') {
      last = text;
      starts = false;
    }
    if (kind !== 'mark') continue;
    if ('([{'.includes(text)) depth += 1;
    if (')]}'.includes(text)) depth -= 1;
    if (depth === 0 && (text === ';' || text === '}')) starts = true;
  }
  return last === 'throw';
}

/** What is wrong in core/, a sentence each; empty when all is well. */
export function checkCatches(root: string, reviewed = REVIEWED): string[] {
  const counts = new Map<string, number>();
  const problems: string[] = [];
  for (const file of globSync('core/**/*.ts', { cwd: root }).sort()) {
    for (const { line, verdict } of readCatches(readFileSync(join(root, file), 'utf8'))) {
      if (verdict === 'reasoned') counts.set(file, (counts.get(file) ?? 0) + 1);
      if (verdict === 'silent')
        problems.push(
          `${file}:${line} drops an error. Throw it, use its code, or say why there is nothing to report: // No error: …`,
        );
    }
  }
  for (const file of new Set([...counts.keys(), ...Object.keys(reviewed)])) {
    const [found, allowed] = [counts.get(file) ?? 0, reviewed[file] ?? 0];
    if (found !== allowed)
      problems.push(
        `${file} gives ${found} reasons to drop an error, ${allowed} are reviewed (scripts/check-catches.ts).`,
      );
  }
  return problems;
}

if (import.meta.main) {
  const problems = checkCatches(join(import.meta.dirname, '..'));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
