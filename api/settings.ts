// What a person may choose, of any host. Kept at once; ports and doors are taken at the next start.
import { z } from 'zod';
import type { HostControls } from './host-controls.ts';
import { route } from './route.ts';
import type { SettingsJson } from './wire.ts';

const port = () => z.int('must be a port').min(1, 'must be a port').max(65_535, 'must be a port').optional();

/** A day at most: what locks later is not locked by idleness. */
const minutes = () =>
  z.int('must be whole minutes').min(0, 'must be 0 to 1440').max(1_440, 'must be 0 to 1440').optional();

const answer = ({ settings }: HostControls): SettingsJson => {
  const { redirect_port, endpoint_port, window_port, endpoint_enabled, lock_after_minutes } = settings.read();
  return {
    redirect_port,
    endpoint_port,
    window_port,
    endpoint_enabled,
    lock_after_minutes,
    restart_needed: settings.restartNeeded(),
  };
};

export const settingsRoutes = {
  'GET /v1/settings': route('GET /v1/settings', {
    summary: 'What can be chosen: ports, the TCP door, when to lock',
    answer: 'Settings',
    handle: ({ host }) => answer(host),
  }),
  'PATCH /v1/settings': route('PATCH /v1/settings', {
    summary: 'Change settings',
    body: () =>
      z.strictObject({
        redirect_port: port(),
        endpoint_port: port(),
        window_port: port(),
        endpoint_enabled: z.boolean().optional(),
        lock_after_minutes: minutes(),
      }),
    answer: 'Settings',
    handle: ({ engine, host, body }) => {
      host.settings.change(body);
      // A time to lock after counts from now.
      engine.touch();
      return answer(host);
    },
  }),
};
