// The record of what happened: which events are kept and how, how they are read back, and that nothing pushes hand-outs out.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Audit } from '../../core/access/audit.ts';
import { LIMITS } from '../../core/limits.ts';
import { activityRow, activityView } from '../../core/model/activity.ts';
import type { TokentrayEvent } from '../../core/model/event.ts';
import { migrate } from '../../core/vault/schema.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const ID = `c_${'A'.repeat(22)}`;
const idOf = (name: string) => (name === 'google/me' ? ID : undefined);
const nameOf = (id: string) => (id === ID ? 'google/me' : undefined);

function newAudit(t: TestContext): Audit {
  const folder = mkdtempSync(join(tmpdir(), 'tt-activity-'));
  const path = join(folder, 'vault.db');
  const database = new DatabaseSync(path);
  migrate(database);
  database.close();
  const audit = new Audit(path, createRecordingLog());
  t.after(() => {
    audit.close();
    rmSync(folder, { recursive: true });
  });
  return audit;
}

const handOut = (at: number, outcome = 'released') => ({
  at,
  caller: 'backup',
  connection: ID,
  door: 'tcp',
  outcome,
  mark: null,
});

test('what happened is kept by ids and codes, so that no name of an account is in the clear', () => {
  const events: [TokentrayEvent, string | null, string, string | null][] = [
    [{ type: 'vault', state: 'locked' }, null, 'vault.locked', null],
    [{ type: 'provider', action: 'added', provider: 'google' }, 'google', 'provider.added', null],
    [
      {
        type: 'connection',
        action: 'refresh_failed',
        connection: 'google/me',
        id: ID,
        status: 'active',
        code: 'offline',
      },
      ID,
      'connection.refresh_failed',
      'offline',
    ],
    [
      { type: 'consent', action: 'done', consent: 'k_1', provider: 'google', connection: 'google/me' },
      ID,
      'consent.done',
      null,
    ],
    [
      { type: 'consent', action: 'failed', consent: 'k_1', provider: 'google', code: 'wrong_account' },
      'google',
      'consent.failed',
      'wrong_account',
    ],
  ];
  for (const [event, connection, action, outcome] of events)
    assert.deepEqual(activityRow(event, idOf), { caller: null, connection, action, outcome });
  const hand: TokentrayEvent = { type: 'hand_out', caller: 'backup', connection: 'google/me', id: ID };
  assert.equal(activityRow(hand, idOf), undefined, 'kept where it happens, with its outcome');
});

test('a kept line is shown with the name a connection has now, and without one when it is gone', () => {
  const row = {
    seq: 1,
    at: 2,
    caller: null,
    door: null,
    connection: ID,
    action: 'connection.renamed',
    outcome: null,
  };
  const shown = activityView(row, nameOf);
  assert.deepEqual([shown?.connection, shown?.provider, shown?.outcome], ['google/me', 'google', 'renamed']);
  const gone = activityView(row, () => undefined);
  assert.deepEqual([gone?.connection, gone?.connection_id, gone?.provider], [null, ID, null]);
  assert.equal(activityView({ ...row, action: 'of_a_newer_program.x' }, nameOf), undefined);
});

test('hand-outs and the rest are read back newest first, with their outcome, filtered and by pages', (t) => {
  const audit = newAudit(t);
  audit.record(handOut(1));
  audit.record({ at: 2, caller: null, connection: ID, action: 'connection.refreshed', outcome: null });
  audit.record(handOut(3, 'consent_needed'));
  audit.record({ at: 4, caller: 'backup', connection: null, action: 'key.added', outcome: null });
  const read = (query: object) =>
    audit.read({ limit: 10, ...query }).map((row) => {
      const view = activityView(row, nameOf);
      return [view?.at, view?.kind, view?.outcome, view?.code];
    });
  const all = [
    [4, 'key', 'added', null],
    [3, 'hand_out', 'refused', 'consent_needed'],
    [2, 'connection', 'refreshed', null],
    [1, 'hand_out', 'released', null],
  ];
  assert.deepEqual(read({}), all);
  assert.deepEqual(read({ limit: 2 }), all.slice(0, 2));
  assert.deepEqual(read({ limit: 2, after: audit.read({ limit: 2 })[1]?.seq }), all.slice(2));
  assert.deepEqual(read({ kind: 'hand_out' }), [all[1], all[3]]);
  assert.deepEqual(read({ kind: 'connection' }), [all[2]]);
  assert.deepEqual(read({ connection: ID }), all.slice(1));
  assert.deepEqual(read({ caller: 'backup', kind: 'key' }), [all[0]]);
});

test('no number of refreshes pushes a hand-out out of the record, and their own number is bounded', (t) => {
  const audit = newAudit(t);
  audit.record(handOut(1));
  for (let at = 2; at < LIMITS.activityRows + 3_000; at += 1)
    audit.record({ at, caller: null, connection: ID, action: 'connection.refreshed', outcome: null });
  audit.flush();
  assert.equal(audit.read({ limit: 10, kind: 'hand_out' }).length, 1);
  const kept = audit.read({ limit: 100_000, kind: 'connection' });
  assert.equal(kept.length, LIMITS.activityRows);
  assert.equal(kept[0]?.at, LIMITS.activityRows + 2_999);
});
