// What sleep and a locked screen do to the engine, and how the login manager's signals are read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VaultState } from '../../core/engine.ts';
import { TokentrayError } from '../../core/errors.ts';
import { powerEffects } from '../../electron/power-effects.ts';
import { createLockReader, sessionPath } from '../../electron/power-lock-lines.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';

function engineDouble(state: VaultState = 'open') {
  const calls: string[] = [];
  return {
    calls,
    state: () => state,
    vault: {
      async lock() {
        calls.push('lock');
        state = 'locked';
      },
      async unlock() {
        calls.push('unlock');
        state = 'open';
      },
    },
    power: {
      suspended: () => calls.push('suspended'),
      resumed: () => calls.push('resumed'),
      networkReturned: () => calls.push('network'),
    },
  };
}

const said: string[] = [];
const say = (title: string) => said.push(title);

/** `online` is for the test to change; `wake` lets the five seconds pass. */
function machineDouble() {
  const machine = {
    is: true,
    waits: [] as { ms: number; call: () => void }[],
    online: () => machine.is,
    after(ms: number, call: () => void) {
      const wait = { ms, call };
      machine.waits.push(wait);
      return () => {
        machine.waits = machine.waits.filter((one) => one !== wait);
      };
    },
    pass() {
      for (const { call } of machine.waits.splice(0)) call();
    },
  };
  return machine;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a locked screen locks the vault, once however often it is said, and opens it again with the screen', async () => {
  const engine = engineDouble();
  const effects = powerEffects({ engine, log: createRecordingLog(), say, machine: machineDouble() });
  effects.screenLocked();
  effects.screenLocked();
  await settled();
  effects.screenUnlocked();
  effects.screenUnlocked();
  await settled();
  assert.deepEqual(engine.calls, ['lock', 'unlock']);
});

test('a vault that its owner locked stays locked when the screen is opened', async () => {
  const engine = engineDouble('locked');
  const effects = powerEffects({ engine, log: createRecordingLog(), say, machine: machineDouble() });
  effects.screenLocked();
  effects.screenUnlocked();
  await settled();
  assert.deepEqual(engine.calls, []);
});

test('a vault with a passphrase stays locked, which is no error of the program', async () => {
  const engine = engineDouble();
  engine.vault.unlock = () => Promise.reject(new TokentrayError('locked', 'A passphrase is needed.'));
  const log = createRecordingLog();
  const effects = powerEffects({ engine, log, say, machine: machineDouble() });
  effects.screenLocked();
  effects.screenUnlocked();
  await settled();
  assert.equal(engine.state(), 'locked');
  assert.deepEqual(
    log.entries.map(({ event }) => event),
    ['screen_lock_failed'],
  );
});

test('a lock that an answer stands in the way of is said once, and tried again each minute as long as the screen is locked', async () => {
  const engine = engineDouble();
  const { lock } = engine.vault;
  let tries = 0;
  engine.vault.lock = () => {
    tries += 1;
    return Promise.reject(new TokentrayError('storage', 'Make room on the disk.'));
  };
  const clock = new FakeClock();
  const told: string[][] = [];
  const effects = powerEffects({
    engine,
    log: createRecordingLog(),
    say: (...words) => told.push(words),
    machine: { online: () => true, after: (ms, call) => clock.timer(ms, call) },
  });
  effects.screenLocked();
  await settled();
  clock.advance(60_000);
  await settled();
  assert.equal(tries, 2);
  assert.deepEqual(told, [['The screen is locked, the vault is not yet', 'Make room on the disk.']]);
  engine.vault.lock = lock;
  clock.advance(60_000);
  await settled();
  assert.equal(engine.state(), 'locked');
  effects.screenUnlocked();
  await settled();
  assert.equal(engine.state(), 'open');
  assert.equal(clock.pending, 0);
});

test('the return of the network is told once, and a network that is there all along never', () => {
  const engine = engineDouble();
  const machine = machineDouble();
  const effects = powerEffects({ engine, log: createRecordingLog(), say, machine });
  for (const online of [true, true, false, false, true, true]) {
    machine.is = online;
    effects.lookAtNetwork();
  }
  assert.deepEqual(engine.calls, ['network']);
});

test('promise 100: after waking, a network that nobody saw go is used when 5 seconds have passed, and not before', () => {
  const engine = engineDouble();
  const machine = machineDouble();
  const effects = powerEffects({ engine, log: createRecordingLog(), say, machine });
  effects.suspended();
  effects.resumed();
  effects.lookAtNetwork();
  assert.deepEqual(engine.calls, ['suspended', 'resumed']);
  assert.deepEqual(
    machine.waits.map(({ ms }) => ms),
    [5_000],
  );
  machine.pass();
  assert.deepEqual(engine.calls, ['suspended', 'resumed', 'network']);
});

test('promise 100: a network that is away when 5 seconds have passed is told of when it is back, once', () => {
  const engine = engineDouble();
  const machine = machineDouble();
  const effects = powerEffects({ engine, log: createRecordingLog(), say, machine });
  effects.suspended();
  machine.is = false;
  effects.resumed();
  effects.lookAtNetwork();
  machine.pass();
  assert.deepEqual(engine.calls, ['suspended', 'resumed']);
  machine.is = true;
  effects.lookAtNetwork();
  effects.lookAtNetwork();
  assert.deepEqual(engine.calls, ['suspended', 'resumed', 'network']);
});

test('a network that comes back within the 5 seconds is told of once, and a second sleep ends the wait of the first', () => {
  const engine = engineDouble();
  const machine = machineDouble();
  const effects = powerEffects({ engine, log: createRecordingLog(), say, machine });
  machine.is = false;
  effects.lookAtNetwork();
  effects.resumed();
  machine.is = true;
  effects.lookAtNetwork();
  machine.pass();
  assert.deepEqual(engine.calls, ['resumed', 'network']);
  effects.resumed();
  effects.suspended();
  machine.pass();
  assert.deepEqual(engine.calls, ['resumed', 'network', 'resumed', 'suspended']);
});

const SESSION = '/org/freedesktop/login1/session/_32';

function read(text: string) {
  const reader = createLockReader();
  return text.split('\n').flatMap((line) => reader(line) ?? []);
}

test('the lines of gdbus monitor: Lock, Unlock and LockedHint, and nothing else', () => {
  const lines = [
    'Monitoring signals on object /org/freedesktop/login1/session/_32 owned by org.freedesktop.login1',
    'The name org.freedesktop.login1 is owned by :1.7',
    `${SESSION}: org.freedesktop.login1.Session.Lock ()`,
    `${SESSION}: org.freedesktop.DBus.Properties.PropertiesChanged ('org.freedesktop.login1.Session', {'LockedHint': <true>}, @as [])`,
    `${SESSION}: org.freedesktop.DBus.Properties.PropertiesChanged ('org.freedesktop.login1.Session', {'IdleHint': <true>}, @as [])`,
    `${SESSION}: org.freedesktop.login1.Session.PauseDevice (uint32 13, uint32 64, 'gone')`,
    `${SESSION}: org.freedesktop.DBus.Properties.PropertiesChanged ('org.freedesktop.login1.Session', {'LockedHint': <false>}, @as [])`,
    `${SESSION}: org.freedesktop.login1.Session.Unlock ()`,
  ];
  assert.deepEqual(read(lines.join('\n')), ['locked', 'locked', 'unlocked', 'unlocked']);
});

test('the lines of dbus-monitor: the same', () => {
  const head = `signal time=1.2 sender=:1.7 -> destination=(null destination) serial=9 path=${SESSION};`;
  const changed = (
    name: string,
    value: boolean,
  ) => `${head} interface=org.freedesktop.DBus.Properties; member=PropertiesChanged
   string "org.freedesktop.login1.Session"
   array [
      dict entry(
         string "${name}"
         variant             boolean ${value}
      )
   ]
   array [
   ]`;
  const lines = [
    `${head} interface=org.freedesktop.login1.Session; member=Lock`,
    changed('LockedHint', true),
    changed('IdleHint', true),
    changed('LockedHint', false),
    `${head} interface=org.freedesktop.login1.Session; member=Unlock`,
  ];
  assert.deepEqual(read(lines.join('\n')), ['locked', 'locked', 'unlocked', 'unlocked']);
});

test('our session is found in the answers of gdbus and of dbus-send', () => {
  assert.equal(sessionPath(`(objectpath '${SESSION}',)`), SESSION);
  assert.equal(sessionPath(`(<('2', objectpath '${SESSION}')>,)`), SESSION);
  assert.equal(sessionPath(`method return time=1\n   object path "${SESSION}"`), SESSION);
  assert.equal(sessionPath("(<('', objectpath '/')>,)"), undefined);
});
