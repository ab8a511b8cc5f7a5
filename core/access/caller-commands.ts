// What a person does with keys: list, add, remove. A key is bound to connections, not to their names: a later connection
// of that name is another one. Names are what people see.
import { type Connections, nameOf } from '../connections.ts';
import type { Engine } from '../engine.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import type { CallerView } from '../model/caller.ts';
import type { Registry } from '../providers/registry.ts';
import type { Callers } from './callers.ts';

interface CallerWorld {
  readonly callers: Callers;
  readonly connections: Connections;
  readonly registry: Registry;
  readonly events: EventLog;
}

export function callerCommands(world: CallerWorld): Pick<Engine['callers'], 'list' | 'add' | 'remove'> {
  const { callers, connections, events } = world;
  const named = (ref: string) => {
    const connection = connections.get(ref);
    return connection === undefined ? ref : nameOf(connection);
  };
  const view = (caller: CallerView) => ({ ...caller, connections: caller.connections.map(named) });

  return {
    list: () => callers.list().map(view),

    add(input) {
      const made = callers.add({ ...input, connections: input.connections.map((ref) => idOf(world, ref)) });
      events.emit({ type: 'key', action: 'added', name: input.name });
      return { ...made, caller: view(made.caller) };
    },

    remove(name) {
      callers.remove(name);
      events.emit({ type: 'key', action: 'removed', name });
    },
  };
}

/** The connection's id, or `*` or a provider's id as it is. Throws `invalid_field`. */
function idOf({ connections, registry }: CallerWorld, ref: string): string {
  if (ref === '*') return ref;
  const connection = connections.get(ref) ?? connections.byName(ref);
  if (connection !== undefined) return connection.id;
  if (registry.find(ref) !== undefined) return ref;
  throw new TokentrayError(
    'invalid_field',
    'Key: the field connections names a connection or provider that does not exist.',
    {
      field: 'connections',
    },
  );
}
