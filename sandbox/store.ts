// The sandbox's one database file: practice users, their contacts, and the keys made on first start.
// Must stay true: the directory is 0700 and every file 0600 under any umask; passwords are stored as hashes;
// the default rows are written once, and a reset puts exactly them back while the keys stay.
import { generateKeyPair, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { chmodSync, closeSync, fchmodSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import type { JWK } from 'oidc-provider';

export interface User {
  readonly id: number;
  readonly username: string;
}

export interface Store {
  /** Open handle, for the rows of oidc-provider. */
  readonly db: DatabaseSync;
  readonly keys: Keys;
  userById(id: number): User | undefined;
  /** The user whose password this is, else undefined. Takes as long for an unknown name as for a wrong password. */
  signIn(username: string, password: string): Promise<User | undefined>;
  /** At most `limit` contacts of a user with an id above `after`, in id order. */
  contacts(userId: number, after: number, limit: number): User[];
  /** Back to the default rows: users, contacts, and nothing issued. Keys stay. */
  reset(): Promise<void>;
  close(): void;
}

interface Keys {
  /** RS256, the one algorithm every OpenID Connect client must accept (OpenID Connect Core 15.1). */
  readonly signing: JWK;
  /** Signs cookies. */
  readonly cookies: string;
  /** Makes anti-forgery values. */
  readonly forms: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS contacts (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    contact_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, contact_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS issued (
    model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL,
    grant_id TEXT, account_id TEXT, uid TEXT, consumed_at INTEGER, expires_at INTEGER,
    PRIMARY KEY (model, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS issued_grant ON issued (grant_id);
  CREATE INDEX IF NOT EXISTS issued_uid ON issued (uid);
  CREATE INDEX IF NOT EXISTS issued_expiry ON issued (expires_at);
`;

/** Everybody's password: the server holds test data only and is reachable from this machine only. */
const PASSWORD = 'password';
const USERNAMES = ['user1', 'user2', 'user3', 'user4'];
const CONTACTS: readonly (readonly [number, readonly number[]])[] = [
  [1, [2, 3, 4]],
  [2, [1, 4]],
  [3, [2]],
  [4, [1]],
];

/** Opens (and on first start fills) `dataDir/sandbox.db`. Throws what node:fs and node:sqlite throw. */
export async function openStore(dataDir: string): Promise<Store> {
  const db = openDatabase(dataDir);
  try {
    db.exec(SCHEMA);
    if (db.prepare('SELECT 1 FROM users LIMIT 1').get() === undefined) writeDefaultRows(db, await hashes());
    const keys = await loadKeys(db);
    return createStore(db, keys);
  } catch (error) {
    db.close();
    throw error;
  }
}

function createStore(db: DatabaseSync, keys: Keys): Store {
  const byId = db.prepare('SELECT id, username FROM users WHERE id = ?');
  const byName = db.prepare('SELECT id, username, password_hash FROM users WHERE username = ?');
  const page = db.prepare(
    `SELECT users.id, users.username FROM contacts JOIN users ON users.id = contacts.contact_id
     WHERE contacts.user_id = ? AND contacts.contact_id > ? ORDER BY contacts.contact_id LIMIT ?`,
  );
  return {
    db,
    keys,
    userById: (id) => toUser(byId.get(id)),
    async signIn(username, password) {
      const row = byName.get(username);
      const matches = await verify(password, row ? String(row.password_hash) : UNKNOWN_USER_HASH);
      return matches ? toUser(row) : undefined;
    },
    contacts: (userId, after, limit) => page.all(userId, after, limit).map(rowToUser),
    async reset() {
      writeDefaultRows(db, await hashes());
    },
    close: () => db.close(),
  };
}

function openDatabase(dataDir: string): DatabaseSync {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  chmodSync(dataDir, 0o700);
  const file = join(dataDir, 'sandbox.db');
  // Made by us first: SQLite gives its -wal and -shm files the mode of the database file.
  const handle = openSync(file, 'a', 0o600);
  fchmodSync(handle, 0o600);
  closeSync(handle);
  // 5 s: long enough for another process that is closing the same file.
  const db = new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  return db;
}

function writeDefaultRows(db: DatabaseSync, passwordHashes: readonly string[]): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec('DELETE FROM issued; DELETE FROM contacts; DELETE FROM users;');
    const user = db.prepare('INSERT INTO users (id, username, password_hash) VALUES (?, ?, ?)');
    passwordHashes.forEach((hash, index) => {
      user.run(index + 1, USERNAMES[index] ?? '', hash);
    });
    const contact = db.prepare('INSERT INTO contacts (user_id, contact_id) VALUES (?, ?)');
    for (const [userId, contactIds] of CONTACTS) {
      for (const contactId of contactIds) contact.run(userId, contactId);
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

async function loadKeys(db: DatabaseSync): Promise<Keys> {
  const read = db.prepare('SELECT value FROM keys WHERE name = ?');
  // OR IGNORE and read again: when two processes start on an empty directory, both use the first one's keys.
  const write = db.prepare('INSERT OR IGNORE INTO keys (name, value) VALUES (?, ?)');
  const keep = async (name: string, make: () => Promise<string>): Promise<string> => {
    const row = read.get(name);
    if (row !== undefined) return String(row.value);
    write.run(name, await make());
    return String(read.get(name)?.value);
  };
  const secret = async () => randomBytes(32).toString('base64url');
  return {
    signing: JSON.parse(await keep('signing', makeSigningKey)),
    cookies: await keep('cookies', secret),
    forms: await keep('forms', secret),
  };
}

async function makeSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const kid = randomBytes(12).toString('base64url');
  return JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' });
}

/** 4 MiB and a few ms per hash: the passwords are public, so the cost only has to show the right way. */
const SCRYPT = { N: 4096, r: 8, p: 1 };
const HASH_BYTES = 32;
/** No password has this hash. */
const UNKNOWN_USER_HASH = `scrypt:${'A'.repeat(22)}:${'A'.repeat(43)}`;

function hashes(): Promise<string[]> {
  return Promise.all(USERNAMES.map(() => hash(PASSWORD, randomBytes(16))));
}

async function hash(password: string, salt: Buffer): Promise<string> {
  const key = await derive(password, salt);
  return `scrypt:${salt.toString('base64url')}:${key.toString('base64url')}`;
}

async function verify(password: string, stored: string): Promise<boolean> {
  const [, salt = '', expected = ''] = stored.split(':');
  const key = await derive(password, Buffer.from(salt, 'base64url'));
  const wanted = Buffer.from(expected, 'base64url');
  return wanted.length === key.length && timingSafeEqual(wanted, key);
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, SCRYPT, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

type Row = ReturnType<ReturnType<DatabaseSync['prepare']>['all']>[number];

function rowToUser(row: Row): User {
  return { id: Number(row.id), username: String(row.username) };
}

function toUser(row: Row | undefined): User | undefined {
  return row === undefined ? undefined : rowToUser(row);
}
