// The host and its health: is it there, in what state, what is wrong, the practice server, and this endpoint's own
// description.
import type { SandboxInfo } from './host-controls.ts';
import { connectionRef } from './names.ts';
import { JSON_HEADERS } from './problem.ts';
import { route } from './route.ts';
import { reportJson, sandboxJson, statusJson } from './to-wire.ts';
import type { SandboxJson } from './wire.ts';

const running = async (info: Promise<SandboxInfo>): Promise<SandboxJson> => sandboxJson(await info);

export const hostRoutes = {
  'GET /v1/health': route('GET /v1/health', {
    summary: 'That the host runs, and nothing else',
    answer: 'Health',
    handle: () => ({ status: 'ok' }),
  }),
  'GET /v1/status': route('GET /v1/status', {
    summary: 'State of the host and of what this key may see',
    answer: 'Status',
    handle: ({ engine, host, caller }) => {
      const open = engine.state() === 'open';
      const admin = caller.rights.includes('admin');
      const status = statusJson(
        engine.state(),
        host.status(),
        admin,
        open ? engine.connections.list(caller) : undefined,
        open && admin ? engine.providers.list().length : undefined,
        engine.refreshes.paused(),
      );
      return admin && engine.vault.review() !== undefined ? { ...status, needs_review: true } : status;
    },
  }),
  'GET /v1/openapi.json': route('GET /v1/openapi.json', {
    summary: 'This endpoint as an OpenAPI 3.1 document',
    answer: 'Document',
    handle: async ({ host }) => {
      // Loaded when first asked for: the generator and every answer's schema cost start-up time.
      const { openApiJson } = await import('./openapi.ts');
      const { url, version } = host.status();
      // The socket's name, where TCP is off.
      return new Response(openApiJson(url ?? 'http://localhost', version), { headers: JSON_HEADERS });
    },
  }),
  'GET /v1/doctor': route('GET /v1/doctor', {
    summary: 'What is well and what is not, with the fix',
    answer: 'Report',
    handle: async ({ engine, caller }) => reportJson(await engine.doctor(caller)),
  }),
  'GET /v1/doctor/{ref}': route('GET /v1/doctor/{ref}', {
    summary: 'The same for one connection',
    answer: 'Report',
    handle: async ({ engine, caller, param }) =>
      reportJson(await engine.doctor(caller, connectionRef(param('ref')))),
  }),
  'POST /v1/refreshes/pause': route('POST /v1/refreshes/pause', {
    summary: 'Refresh nothing by itself, until resumed or the host ends; what somebody asks for is refreshed',
    answer: 'Refreshes',
    handle: ({ engine }) => {
      engine.refreshes.pause();
      return { paused: engine.refreshes.paused() };
    },
  }),
  'POST /v1/refreshes/resume': route('POST /v1/refreshes/resume', {
    summary: 'Refresh in time again',
    answer: 'Refreshes',
    handle: ({ engine }) => {
      engine.refreshes.resume();
      return { paused: engine.refreshes.paused() };
    },
  }),
  'GET /v1/sandbox': route('GET /v1/sandbox', {
    summary: 'The practice server: whether it runs and who may sign in',
    answer: 'Sandbox',
    handle: ({ host }) => sandboxJson(host.sandbox.info()),
  }),
  'POST /v1/sandbox/start': route('POST /v1/sandbox/start', {
    summary: 'Start the practice server',
    answer: 'Sandbox',
    handle: ({ host }) => running(host.sandbox.start()),
  }),
  'POST /v1/sandbox/reset': route('POST /v1/sandbox/reset', {
    summary: 'Set the practice server back to its first day',
    answer: 'Sandbox',
    handle: ({ host }) => running(host.sandbox.reset()),
  }),
  'POST /v1/sandbox/stop': route('POST /v1/sandbox/stop', {
    summary: 'Stop the practice server',
    answer: 'Sandbox',
    handle: ({ host }) => running(host.sandbox.stop()),
  }),
};
