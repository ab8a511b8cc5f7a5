// What oidc-provider issues (codes, tokens, grants, sessions, interactions), kept as rows so that it survives a restart.
// Must stay true: an expired row is never returned, and every call is done before it returns (node:sqlite does not
// wait), so that nothing comes between finding a code or refresh token unused and marking it used.
import type { DatabaseSync } from 'node:sqlite';
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** A minute: expired rows are never read anyway, so this only keeps the file small. */
const SWEEP_SECONDS = 60;

/** oidc-provider's storage on our `issued` table. The adapter interface is oidc-provider's. */
export function createAdapterFactory(db: DatabaseSync): AdapterFactory {
  const live = '(expires_at IS NULL OR expires_at > ?)';
  const byId = db.prepare(`SELECT payload, consumed_at FROM issued WHERE model = ? AND id = ? AND ${live}`);
  const byUid = db.prepare(`SELECT payload, consumed_at FROM issued WHERE model = ? AND uid = ? AND ${live}`);
  const upsert = db.prepare(
    `INSERT INTO issued (model, id, payload, grant_id, account_id, uid, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
       account_id = excluded.account_id, uid = excluded.uid, expires_at = excluded.expires_at`,
  );
  const consume = db.prepare('UPDATE issued SET consumed_at = ? WHERE model = ? AND id = ?');
  const destroy = db.prepare('DELETE FROM issued WHERE model = ? AND id = ?');
  const destroyByGrant = db.prepare('DELETE FROM issued WHERE model = ? AND grant_id = ?');
  const sweep = db.prepare('DELETE FROM issued WHERE expires_at <= ?');
  let sweptAt = 0;

  const read = (row: ReturnType<typeof byId.get>): AdapterPayload | undefined => {
    if (row === undefined) return undefined;
    const payload: AdapterPayload = JSON.parse(String(row.payload));
    if (row.consumed_at !== null) payload.consumed = row.consumed_at;
    return payload;
  };

  return (model): Adapter => ({
    async find(id) {
      return read(byId.get(model, id, now()));
    },
    async findByUid(uid) {
      return read(byUid.get(model, uid, now()));
    },
    async findByUserCode() {
      return undefined; // the device flow is off
    },
    async upsert(id, payload, expiresIn) {
      const at = now();
      if (at - sweptAt >= SWEEP_SECONDS) {
        sweep.run(at);
        sweptAt = at;
      }
      const { grantId = null, accountId = null, uid = null } = payload;
      const expiresAt = expiresIn === undefined ? null : at + expiresIn;
      upsert.run(model, id, JSON.stringify(payload), grantId, accountId, uid, expiresAt);
    },
    async consume(id) {
      consume.run(now(), model, id);
    },
    async destroy(id) {
      destroy.run(model, id);
    },
    async revokeByGrantId(grantId) {
      destroyByGrant.run(model, grantId);
    },
  });
}

/** Ends everything an account allowed: its grants and the codes and tokens under them. Its sign-ins stay. */
export function revokeAccount(db: DatabaseSync, accountId: string): void {
  db.prepare(
    `DELETE FROM issued WHERE account_id = ?
     AND model IN ('Grant', 'AuthorizationCode', 'AccessToken', 'RefreshToken')`,
  ).run(accountId);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
