// The doctor: looks at what is known and says in sentences what is well, what is not, and what to do about it.
import { type Connections, nameOf } from './connections.ts';
import type { VaultState } from './engine.ts';
import type { Connection } from './model/connection.ts';
import { tokenOf } from './model/connection.ts';
import type { Deadline } from './model/deadline.ts';
import { secondsLeft } from './oauth/expiry.ts';
import { warningsOf } from './providers/entry.ts';
import type { Registry } from './providers/registry.ts';
import { deadlinesOf } from './refresh/deadlines.ts';
import { refusalSentence } from './refresh/provider-waits.ts';
import type { Receipts } from './refresh/receipts.ts';
import type { Refresher } from './refresh/refresher.ts';
import type { SlotView } from './vault/slots.ts';

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  /** One sentence; names the fix when not ok. */
  readonly detail: string;
}

export interface DoctorReport {
  readonly ok: boolean;
  readonly checks: readonly DoctorCheck[];
}

export interface DoctorWorld {
  readonly state: VaultState;
  readonly slots: readonly SlotView[];
  /** Standing sentences about the vault. */
  readonly warnings: readonly string[];
  readonly connections: Connections;
  readonly registry: Registry;
  readonly refresher: Pick<Refresher, 'clientRefusal'>;
  readonly receipts: Pick<Receipts, 'nowFor'>;
  /** A note about the machine's clock, where it was set. */
  readonly clockNote: string | undefined;
}

export function examine(world: DoctorWorld, only?: Connection): DoctorReport {
  const checks = only === undefined ? examineAll(world) : examineConnection(world, only);
  return { ok: checks.every((check) => check.ok), checks };
}

function examineAll(world: DoctorWorld): DoctorCheck[] {
  const { state, slots, connections, registry } = world;
  const checks: DoctorCheck[] = [];
  const vaultSentence = {
    setup: 'There is no vault yet. Run tokentray vault slots add to set it up.',
    locked: 'The vault is locked. Run tokentray unlock.',
    open: 'The vault is open.',
    unreadable: 'The vault cannot be read.',
  }[state];
  checks.push({ name: 'vault', ok: state === 'open', detail: vaultSentence });
  if (state === 'setup') return checks;
  for (const detail of world.warnings) checks.push({ name: 'vault', ok: false, detail });
  const inUse = slots.find((slot) => slot.in_use);
  checks.push({
    name: 'key',
    ok: true,
    detail:
      inUse === undefined
        ? `${slots.length} key slots, none used yet.`
        : `The key comes from ${describeSlot(inUse)}.`,
  });
  if (slots.length === 1 && slots[0]!.kind !== 'passphrase') {
    checks.push({
      name: 'recovery',
      ok: true,
      detail:
        'There is one key slot only. A passphrase beside it (tokentray vault slots add --kind passphrase) saves the vault if that key is lost.',
    });
  }
  if (state !== 'open') return checks;
  for (const [id] of connections.damaged()) {
    checks.push({
      name: `connection ${id}`,
      ok: false,
      detail: `Its sealed row does not open. It is kept. Connect the account again, then remove this one: tokentray connections remove ${id} --force.`,
    });
  }
  for (const [id] of registry.damaged()) {
    checks.push({
      name: `provider ${id}`,
      ok: false,
      detail: 'Its sealed row does not open. It is kept; add the provider again to replace it.',
    });
  }
  for (const provider of registry.all()) {
    const refusal = world.refresher.clientRefusal(provider.id);
    if (refusal !== undefined)
      checks.push({ name: `provider ${provider.id}`, ok: false, detail: refusalSentence(refusal) });
    for (const warning of warningsOf(provider))
      checks.push({ name: `provider ${provider.id}`, ok: true, detail: warning });
  }
  if (world.clockNote !== undefined) checks.push({ name: 'clock', ok: true, detail: world.clockNote });
  for (const connection of connections.all()) checks.push(examineState(connection, world));
  return checks;
}

function examineConnection(world: DoctorWorld, connection: Connection): DoctorCheck[] {
  const { connections, registry } = world;
  const provider = registry.find(connection.provider);
  const row = connections.row(connection.id);
  const granted = tokenOf(connection.state)?.scope ?? [];
  const missing = connection.scopes_asked.filter((scope) => !granted.includes(scope));
  return [
    examineState(connection, world),
    {
      name: 'refresh token',
      ok: row.secrets.refresh_token !== null || connection.state.status === 'revoked',
      detail:
        row.secrets.refresh_token === null
          ? `There is no refresh token: the connection ends with its access token. Check the offline scope or parameter of ${connection.provider}.`
          : 'There is a refresh token.',
    },
    {
      name: 'scopes',
      ok: true,
      detail:
        missing.length === 0
          ? 'Every scope that was asked for was granted.'
          : `Not granted: ${missing.join(', ')}.`,
    },
    ...deadlinesOf(connection, provider).map((deadline) => ({
      name: 'grant',
      ok: true,
      detail: deadlineSentence(deadline),
    })),
    ...(row.intent === null
      ? []
      : [
          {
            name: 'rotation',
            ok: true,
            detail: 'A refresh was interrupted; it is finished at the next use.',
          },
        ]),
    ...(provider === undefined
      ? []
      : warningsOf(provider).map((detail) => ({ name: 'provider', ok: true, detail }))),
  ];
}

function examineState(connection: Connection, { receipts }: DoctorWorld): DoctorCheck {
  const { state } = connection;
  const name = nameOf(connection);
  const reconnect = `Run tokentray connect ${connection.provider} --account ${connection.account}.`;
  switch (state.status) {
    case 'active': {
      const left = secondsLeft(state.token, receipts.nowFor(connection.id, state.token));
      return {
        name,
        ok: true,
        detail:
          left === null ? 'Active; its token has no known end.' : `Active; its token has ${left} s left.`,
      };
    }
    case 'needs_consent':
      return { name, ok: false, detail: `It needs your consent again. ${reconnect}` };
    case 'error':
      return {
        name,
        ok: false,
        detail: `Its last refresh failed (${state.code}). Check the provider with tokentray providers check ${connection.provider}.`,
      };
    case 'new':
      return { name, ok: false, detail: 'It was never proved good. Remove it and connect again.' };
    case 'revoked':
      return { name, ok: true, detail: `Revoked. ${reconnect}` };
  }
}

function deadlineSentence({ what, at, renews }: Deadline): string {
  const when = new Date(at).toISOString();
  if (renews) return `Its refresh token ends at ${when} if it is not used before; it is used in time.`;
  return what === 'access_token'
    ? `Its token ends at ${when} and cannot be refreshed. Connect it again then.`
    : `Its grant ends at ${when}, whatever is done with it. Connect it again before.`;
}

function describeSlot(slot: SlotView): string {
  switch (slot.kind) {
    case 'keychain':
      return `the keychain (${slot.backend})`;
    case 'passphrase':
      return 'a passphrase';
    case 'file':
      return `the key file ${slot.path}`;
  }
}
