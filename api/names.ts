// Names in paths. One that cannot exist gets the very answer the engine gives for one that does not (promise 117), so the
// sentences here are the engine's.
import { TokentrayError } from '../core/errors.ts';
import { connectionId, isName } from '../core/model/name.ts';

/** Ids the engine makes for consents and key slots. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;

export function providerName(text: string): string {
  if (isName(text)) return text;
  throw new TokentrayError('not_found', 'There is no provider by that name.', { field: 'provider' });
}

export function keyName(text: string): string {
  if (isName(text)) return text;
  throw new TokentrayError('not_found', 'There is no key by that name.', { field: 'name' });
}

export function consentId(text: string): string {
  if (ID.test(text)) return text;
  throw new TokentrayError(
    'not_found',
    'There is no such consent. It may have ended before the host was started; start it again.',
  );
}

export function slotId(text: string): string {
  if (ID.test(text)) return text;
  throw new TokentrayError('not_found', 'There is no key slot by that id. See the list of slots.');
}

export function sessionId(text: string): string {
  if (ID.test(text)) return text;
  throw new TokentrayError('not_found', 'There is no such session. It may have ended by itself.', {
    field: 'id',
  });
}

/** `provider/account`, a connection's id, or a provider alone, as the engine takes it. */
export function connectionRef(text: string, account?: string): string {
  const ref = account === undefined ? text : `${text}/${account}`;
  if (ref.split('/').every(isName) && ref.split('/').length <= 2) return ref;
  if (account === undefined && connectionId.safeParse(text).success) return text;
  throw new TokentrayError('not_found', 'There is no connection by that name.', { field: 'connection' });
}
