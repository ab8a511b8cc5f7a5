// Who may see and use what.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayReadEvent, maySee } from '../../core/access/rules.ts';
import type { Caller, Right } from '../../core/model/caller.ts';
import type { TokentrayEvent } from '../../core/model/event.ts';

const ID = `c_${'A'.repeat(22)}`;
const OTHER = `c_${'B'.repeat(22)}`;
const mine = { id: ID, provider: 'acme' };
const foreign = { id: OTHER, provider: 'other' };

const caller = (connections: string[], ...rights: Right[]): Caller => ({
  name: 'script',
  rights,
  connections,
});

test('promise 117: a key sees the connections it names, those of the providers it names, and no other', () => {
  assert.ok(maySee(caller([ID], 'token'), mine));
  assert.ok(maySee(caller(['acme'], 'token'), mine));
  assert.ok(maySee(caller(['*'], 'token'), mine));
  assert.ok(maySee(caller([], 'admin'), mine));
  for (const names of [[], [OTHER], ['acm'], ['acme/jo'], ['acme '], ['ACME'], ['']]) {
    assert.ok(!maySee(caller(names, 'token'), mine), names.join());
  }
  assert.ok(!maySee(caller([ID, 'acme'], 'token', 'proxy'), foreign));
});

test('promise 117: a key reads events about its own connections, its own hand-outs and the vault, and nothing else', () => {
  const script = caller(['acme'], 'token');
  const about = (connection: string, id: string): TokentrayEvent => ({
    type: 'connection',
    action: 'refreshed',
    connection,
    id,
    status: 'active',
  });
  const handOut = (name: string): TokentrayEvent => ({
    type: 'hand_out',
    caller: name,
    connection: 'acme/jo',
    id: ID,
  });
  const cases: readonly [TokentrayEvent, boolean][] = [
    [{ type: 'vault', state: 'locked' }, true],
    [about('acme/jo', ID), true],
    [about('other/jo', OTHER), false],
    [about('acme2/jo', OTHER), false],
    [handOut('script'), true],
    [handOut('other'), false],
    [{ type: 'provider', action: 'added', provider: 'acme' }, false],
    [{ type: 'key', action: 'added', name: 'script' }, false],
    [{ type: 'consent', action: 'started', consent: 'k_1', provider: 'acme' }, false],
  ];
  for (const [event, may] of cases) {
    assert.equal(mayReadEvent(script, event), may, JSON.stringify(event));
    assert.ok(mayReadEvent(caller([], 'admin'), event));
  }
});
