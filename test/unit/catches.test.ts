// The check that no `catch` in core/ drops an error: on the real core, and on copies that do.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkCatches, readCatches } from '../../scripts/check-catches.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const verdictOf = (code: string) => readCatches(code).map(({ verdict }) => verdict);

test('no catch in core drops an error: each throws, uses its code, or gives a reason that was reviewed', () => {
  assert.deepEqual(checkCatches(ROOT), []);
});

for (const [code, verdict] of [
  ['try { a(); } catch {}', 'silent'],
  ['try { a(); } catch (error) {}', 'silent'],
  ['try { a(); } catch (error) { return undefined; }', 'silent'],
  ['try { a(); } catch (error) { if (error instanceof Known) return; throw error; }', 'silent'],
  ['try { a(); } catch (error) { if (isKnown(error)) throw error; }', 'silent'],
  ["try { a(); } catch (error) { if (error.code === 'storage') b(); }", 'silent'],
  ['a().catch(() => undefined);', 'silent'],
  ['a().catch(() => {});', 'silent'],
  ['a().catch((error: unknown) => { if (error instanceof Known) return; });', 'silent'],
  ['try { a(); } catch (error) { b(); throw error; }', 'throws'],
  ['try { a(); } catch { throw new Known(); }', 'throws'],
  ['try { a(); } catch (error) { c((row) => { return row; }); throw error; }', 'throws'],
  ["try { a(); } catch (error) { log.warn('failed', { code: error.code }); }", 'uses the error'],
  ['try { a(); } catch (error) { first ??= error; }', 'uses the error'],
  ['a().catch((error: unknown) => report(error));', 'uses the error'],
  ['a().catch(report);', 'uses the error'],
  ['try { a(); } catch {\n// No error: a file that is gone is what was wanted.\n}', 'reasoned'],
  ['// No error: whoever waits is told.\na().catch(() => undefined);', 'reasoned'],
  ['try { a(); } catch {\n// No error:\n}', 'silent'],
  ['try { a(); } catch {\n// ignored\n}', 'silent'],
] as const) {
  test(`${JSON.stringify(code)} is ${verdict}`, () => assert.deepEqual(verdictOf(code), [verdict]));
}

test('a catch that is emptied, and a reason that nobody reviewed, are found', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'tt-catches-'));
  t.after(() => rmSync(root, { recursive: true }));
  cpSync(join(ROOT, 'core'), join(root, 'core'), { recursive: true });
  const file = join(root, 'core', 'refresh', 'held-answers.ts');
  const source = readFileSync(file, 'utf8');
  const broken = (body: string) =>
    source.replace(/catch \(error\) \{[\s\S]*?\n {4}\}/, `catch (error) {${body}}`);
  for (const [body, found] of [
    ['', /held-answers\.ts:\d+ drops an error/],
    [
      '\n      // No error: it is tried again.\n    ',
      /held-answers\.ts gives 1 reasons to drop an error, 0 are reviewed/,
    ],
  ] as const) {
    writeFileSync(file, broken(body));
    const problems = checkCatches(root);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0]!, found);
  }
});
