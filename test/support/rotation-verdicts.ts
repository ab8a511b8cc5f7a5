// Breaks one rotation at one of its writes or syncs and says what must be true of it then (faults 7, 9, 12, 13 and 14).
import assert from 'node:assert/strict';
import { type Call, failingAt, killedAt, leftIn, runRotation, type Template } from './broken-rotation.ts';

/** Until what it holds has been tried again several times; what fails for ever is given this long. */
const SECONDS = 0.5;

/** Killed before this call happens. */
export async function killRotation(template: Template, call: Call): Promise<void> {
  const { said, signal, vault } = await runRotation(template, { through: killedAt(call) });
  const where = `killed at ${call.name} ${call.nth} after ${call.after}`;
  assert.equal(signal, 'SIGKILL', where);
  assert.equal(said.at(-1), call.after, where);
  const left = await leftIn(vault, template.keyFile);
  const allowed = { S1: ['R1', 'R1 and intent'], S5: ['R1 and intent', 'R2'] }[call.after] ?? ['R2'];
  assert.ok(allowed.includes(left), `${where}: ${left}`);
}

/** This call fails, once or from then on. */
export async function failRotation(
  template: Template,
  call: Call,
  error: 'EIO' | 'ENOSPC',
  forEver: boolean,
): Promise<void> {
  const through = failingAt(call, error, forEver);
  const { said, code, vault } = await runRotation(template, { through, seconds: SECONDS });
  const where = `${error}${forEver ? ' for ever' : ''} at ${call.name} ${call.nth} after ${call.after}: ${said}`;
  assert.equal(code, 0, where);
  assert.ok(said.includes('failed storage'), where);
  const sent = said.filter((word) => word === 'sent').length;
  const left = await leftIn(vault, template.keyFile);
  if (call.after === 'S1') {
    assert.equal(sent, 0, where);
    assert.ok(['R1', 'R1 and intent'].includes(left), where);
    assert.ok(said.includes('log refresh_failed') && said.some((line) => line.startsWith('warning')), where);
    return;
  }
  assert.equal(sent, 1, where);
  if (call.after !== 'S5') {
    // It was stored before; what failed is to say so, and the next try says it without sending.
    assert.equal(left, 'R2', where);
    return;
  }
  assert.ok(said.includes('event not_stored') && said.includes('log refresh_token_not_stored'), where);
  assert.ok(said.includes(forEver ? 'not stored' : 'stored'), where);
  const warned = said.some((line) => line.startsWith('doctor') && line.includes('could not be stored'));
  assert.equal(warned, forEver, where);
  assert.ok(forEver ? left !== 'R1' : left === 'R2', `${where}: ${left}`);
}
