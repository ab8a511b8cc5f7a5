// Finds the calls that a security review has to have seen (windows, openers, child processes, servers, code made of text,
// switches that take a check away), in a source or in a bundle. By tokens, so that neither a comment nor a text counts.
import { readImports, readTokens, type Token } from '../../scripts/read-imports.ts';

/** What counts, by the name it is reported under. `called`: followed by a bracket. `used`: followed by a dot. */
type Rule =
  | { readonly kind: 'called'; readonly name: string; readonly made?: true; readonly bare?: true }
  | { readonly kind: 'used'; readonly name: string; readonly members?: readonly string[] }
  | { readonly kind: 'word'; readonly name: string }
  | { readonly kind: 'text'; readonly name: string };

const called = (name: string): Rule => ({ kind: 'called', name });
/** As a constructor. */
const made = (name: string): Rule => ({ kind: 'called', name, made: true });
/** Not as a method: `expression.exec()` is another thing. */
const bare = (name: string): Rule => ({ kind: 'called', name, bare: true });
const used = (name: string): Rule => ({ kind: 'used', name });
/** Of several things with that name, the one that has these. */
const usedFor = (name: string, ...members: string[]): Rule => ({ kind: 'used', name, members });
const word = (name: string): Rule => ({ kind: 'word', name });

const RULES: readonly Rule[] = [
  ...['BrowserWindow', 'BaseWindow', 'WebContentsView', 'Function'].map(made),
  ...['eval', 'exec', 'execFile', 'execSync', 'execFileSync', 'spawn', 'spawnSync'].map(bare),
  ...[
    'fork',
    'createServer',
    'openExternal',
    'openPath',
    'showItemInFolder',
    'registerSchemesAsPrivileged',
    'setAsDefaultProtocolClient',
    'appendSwitch',
    'appendArgument',
    'setCertificateVerifyProc',
    'executeJavaScript',
    'exposeInMainWorld',
    'insertCSS',
    'loadURL',
    'loadFile',
    'loadExtension',
    'openDevTools',
    'fromPartition',
    'enableSandbox',
  ].map(called),
  ...['ipcMain', 'ipcRenderer', 'safeStorage', 'contextBridge', 'defaultSession'].map(used),
  usedFor('protocol', 'handle', 'registerFileProtocol', 'interceptBufferProtocol'),
  usedFor('clipboard', 'write', 'writeText', 'read', 'readText', 'clear', 'has'),
  ...[
    'dangerouslySetInnerHTML',
    'innerHTML',
    'allowInsecureRequests',
    'nopkce',
    'skipStateCheck',
    'expectNoState',
    'skipSubjectCheck',
    'customFetch',
    'enableBlinkFeatures',
    'rejectUnauthorized',
  ].map(word),
  { kind: 'text', name: 'certificate-error' },
];

/** How often each occurs; nothing for those that do not. */
export function sensitiveCalls(source: string): Record<string, number> {
  const tokens = readTokens(source);
  const counts: Record<string, number> = {};
  const add = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  tokens.forEach((_token, at) => {
    for (const rule of RULES) if (matches(rule, tokens, at)) add(nameOf(rule));
    if (isShell(tokens, at)) add('shell: true');
  });
  for (const { from, typeOnly } of readImports(tokens)) {
    if (!typeOnly && /^(?:node:)?(?:child_process|vm|worker_threads|inspector|cluster)$/.test(from ?? ''))
      add(`import ${from}`);
  }
  return counts;
}

function nameOf(rule: Rule): string {
  if (rule.kind === 'called') return `${rule.made ? 'new ' : ''}${rule.name}()`;
  return rule.kind === 'used' ? `${rule.name}.` : rule.name;
}

function matches(rule: Rule, tokens: readonly Token[], at: number): boolean {
  const token = tokens[at]!;
  const [before, after] = [tokens[at - 1], tokens[at + 1]];
  // A bundler tells two of a name apart by a number.
  if (token.text.replace(/\$\d+$/, '') !== rule.name) return false;
  switch (rule.kind) {
    case 'text':
      return token.kind === 'string';
    case 'word':
      return token.kind === 'word';
    case 'used':
      return (
        token.kind === 'word' &&
        isMark(after, '.') &&
        (rule.members?.includes(tokens[at + 2]?.text ?? '') ?? true)
      );
    case 'called': {
      if (token.kind !== 'word' || !isMark(after, '(') || before?.text === 'function') return false;
      // Code made of text works without `new` as well.
      if (rule.made) return before?.text === 'new' || rule.name === 'Function';
      return !(rule.bare && isMark(before, '.'));
    }
  }
}

function isShell(tokens: readonly Token[], at: number): boolean {
  const [name, colon, value] = tokens.slice(at, at + 3);
  return name?.kind === 'word' && name.text === 'shell' && isMark(colon, ':') && value?.text === 'true';
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text;
}

/** Differences between what was found and what was reviewed, as sentences; empty when they agree. */
export function unreviewed(
  found: Readonly<Record<string, Readonly<Record<string, number>>>>,
  reviewed: Readonly<Record<string, Readonly<Record<string, number>>>>,
): string[] {
  const files = [...new Set([...Object.keys(found), ...Object.keys(reviewed)])].sort();
  return files.flatMap((file) => {
    const [here, there] = [found[file] ?? {}, reviewed[file] ?? {}];
    return [...new Set([...Object.keys(here), ...Object.keys(there)])].sort().flatMap((name) => {
      const [count, known] = [here[name] ?? 0, there[name] ?? 0];
      return count === known ? [] : [`${file}: ${name} ${count} times, reviewed ${known}`];
    });
  });
}
