// The ports that a person may choose. Kept at once; the ports of listeners are taken at the next start.
import { z } from 'zod';
import type { HostControls } from './host-controls.ts';
import { route } from './route.ts';
import type { SettingsJson } from './wire.ts';

const port = () => z.int('must be a port').min(1, 'must be a port').max(65_535, 'must be a port').optional();

const answer = ({ settings }: HostControls): SettingsJson => {
  const { redirect_port, endpoint_port, window_port } = settings.read();
  return { redirect_port, endpoint_port, window_port, restart_needed: settings.restartNeeded() };
};

export const settingsRoutes = {
  'GET /v1/settings': route('GET /v1/settings', {
    summary: 'The ports that can be chosen',
    answer: 'Settings',
    handle: ({ host }) => answer(host),
  }),
  'PATCH /v1/settings': route('PATCH /v1/settings', {
    summary: 'Choose ports',
    body: () => z.strictObject({ redirect_port: port(), endpoint_port: port(), window_port: port() }),
    answer: 'Settings',
    handle: ({ host, body }) => {
      host.settings.change(body);
      return answer(host);
    },
  }),
};
