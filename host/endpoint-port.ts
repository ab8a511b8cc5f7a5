// The port of the endpoint as the environment names it, for both hosts.
import { TokentrayError } from '../core/errors.ts';

/** Null when `TOKENTRAY_PORT` names none. Throws `invalid_field` for anything that is not a port. */
export function endpointPortOf(env: NodeJS.ProcessEnv): number | null {
  const text = env.TOKENTRAY_PORT;
  if (text === undefined || text === '') return null;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new TokentrayError('invalid_field', 'TOKENTRAY_PORT must be a number from 0 to 65535.', {
    field: 'TOKENTRAY_PORT',
  });
}
