// The second copy of an answer that the vault did not take: where it lies, who may use it, and when it goes.
import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ConnectionRow } from '../../core/connections.ts';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { Refresher } from '../../core/refresh/refresher.ts';
import { Rescue } from '../../core/refresh/rescue.ts';
import { type CoreWorld, coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { refusedWith } from '../support/errors.ts';
import { insertConnections } from '../support/seeded-connections.ts';
import { until } from '../support/vault-fixture.ts';

after(endCoreWorlds);

interface Full {
  readonly world: CoreWorld;
  readonly id: string;
  readonly folders: readonly string[];
  /** One life of a host over the same vault; what an earlier one held is forgotten with it. */
  life(): Refresher;
  /** Whether the vault takes what is written once the intent is there. */
  full: boolean;
  files(folder?: number): string[];
}

async function fullVault(): Promise<Full> {
  const world = await coreWorld();
  const { connections, place, vault } = world;
  const [id = ''] = insertConnections(connections, 'acme', 1);
  const folders = ['first', 'second'].map((name) => join(place.outside, name));
  const update = connections.update.bind(connections);
  let lives = 0;
  const state: Full = {
    ...{ world, id, folders, full: true },
    life() {
      lives += 1;
      const own = lives;
      const rescue = new Rescue(folders, world);
      rescue.opened(vault);
      const refresher = new Refresher({
        ...{ ...world, rescue },
        clock: {
          wall: () => world.clock.wall(),
          monotonic: () => world.clock.monotonic(),
          // A dead host hears of no time.
          timer: (ms, fn) => world.clock.timer(ms, () => own === lives && fn()),
        },
      });
      refresher.takeUpRescued();
      return refresher;
    },
    files: (folder = 0) => readdirSync(folders[folder]!).map((name) => join(folders[folder]!, name)),
  };
  connections.update = (which, change: (row: ConnectionRow) => ConnectionRow | undefined) => {
    // The intent is written, the answer is not.
    if (state.full && connections.row(which).intent !== null)
      throw new TokentrayError('storage', 'The disk is full.');
    return update(which, change);
  };
  return state;
}

/** The vault is full when the answer comes, and the host dies with it. */
async function died(): Promise<Full> {
  const state = await fullVault();
  await refusedWith('storage', () => state.life().refresh(state.id));
  return state;
}

const tokenOf = ({ world, id }: Full) => world.connections.reread(id).secrets.refresh_token;

test('promise 86: the copy of a new token is in a folder 0700 and a file 0600, and is removed when the vault has the token', async () => {
  const state = await fullVault();
  const refresher = state.life();
  await refusedWith('storage', () => refresher.refresh(state.id));
  assert.match(refresher.storageWarnings().join(), /and in a sealed copy, \S+first\/tokentray-rescue-v_/);
  const [file = ''] = state.files();
  assert.deepEqual(
    [state.folders[0]!, file].map((path) => statSync(path).mode & 0o777),
    [0o700, 0o600],
  );
  assert.ok(!readFileSync(file, 'utf8').includes('refresh-1'));
  state.full = false;
  await refresher.refresh(state.id);
  assert.equal(tokenOf(state), 'refresh-1');
  assert.deepEqual(state.files(), []);
});

test('promise 86: a folder that is a link is not used for the copy, the next one is', async () => {
  const state = await fullVault();
  mkdirSync(join(state.world.place.outside, 'target'));
  symlinkSync('target', state.folders[0]!);
  await refusedWith('storage', () => state.life().refresh(state.id));
  assert.deepEqual([state.files(0), state.files(1).length], [[], 1]);
});

test('promise 86: while the disk is still full at the next start nothing is sent, and with room the saved token is stored', async () => {
  const state = await died();
  const refresher = state.life();
  const { clock, http } = state.world;
  await refusedWith('storage', () => refresher.refresh(state.id));
  assert.equal(http.requests.length, 1);
  assert.equal(refresher.holdsAnswer(), true);
  assert.equal(state.files().length, 1);
  state.full = false;
  clock.advance(LIMITS.heldRetryMs);
  await until(() => !refresher.holdsAnswer());
  assert.deepEqual([tokenOf(state), state.files(), http.requests.length], ['refresh-1', [], 1]);
});

test('promise 86: a saved token that the vault has already, or that a newer one has replaced, is only removed', async () => {
  const state = await died();
  const [file = ''] = state.files();
  const saved = readFileSync(file);
  state.full = false;
  await state.life().refresh(state.id);
  const stored = tokenOf(state);
  writeFileSync(file, saved, { mode: 0o600 });
  const refresher = state.life();
  assert.equal(refresher.holdsAnswer(), false);
  assert.deepEqual([state.files(), tokenOf(state)], [[], stored]);
});

const FOREIGN: Record<string, (file: string, state: Full) => void> = {
  'with a flipped bit': (file) => {
    const { sealed, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    const bytes = Buffer.from(sealed, 'base64');
    bytes[20]! ^= 1;
    writeFileSync(file, JSON.stringify({ ...rest, sealed: bytes.toString('base64') }));
  },
  'with another generation': (file) => {
    const { generation, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...rest, generation: generation + 1 }));
  },
  'of another connection': (file, { world, id }) => {
    const [other = ''] = insertConnections(world.connections, 'acme', 1, {
      doc: { account: 'other' },
    });
    renameSync(file, file.replace(id, other));
  },
  'of which only a part is there': (file) => writeFileSync(file, readFileSync(file).subarray(0, 100)),
};
for (const [what, change] of Object.entries(FOREIGN)) {
  test(`promise 86: a saved token ${what} changes nothing, is named in the log and kept`, async () => {
    const state = await died();
    const row = state.world.connections.reread(state.id);
    change(state.files()[0]!, state);
    const refresher = state.life();
    assert.equal(refresher.holdsAnswer(), false);
    assert.deepEqual(state.world.connections.reread(state.id), row);
    assert.equal(state.files().length, 1);
    assert.ok(state.world.log.entries.some(({ event }) => event === 'refresh_token_copy_ignored'));
  });
}
