// Who may see and use what. Pure; every door and every engine command asks here.
import type { Caller } from '../model/caller.ts';
import type { Connection } from '../model/connection.ts';
import type { TokentrayEvent } from '../model/event.ts';

/** True when this caller may know that the connection exists. */
export function maySee(caller: Caller, connection: Pick<Connection, 'id' | 'provider'>): boolean {
  if (caller.rights.includes('admin')) return true;
  const { connections } = caller;
  return (
    connections.includes(connection.id) ||
    connections.includes(connection.provider) ||
    connections.includes('*')
  );
}

/** Own names only: a key without `admin` reads about its connections and the vault's state, nothing else. */
export function mayReadEvent(caller: Caller, event: TokentrayEvent): boolean {
  if (caller.rights.includes('admin') || event.type === 'vault') return true;
  if (event.type === 'connection' || event.type === 'expiring')
    return maySee(caller, { id: event.id, provider: providerOf(event.connection) });
  if (event.type === 'hand_out') return event.caller === caller.name;
  return false;
}

function providerOf(connectionName: string): string {
  return connectionName.slice(0, connectionName.indexOf('/'));
}
