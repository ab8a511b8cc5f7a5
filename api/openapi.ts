// The OpenAPI 3.1 document, made from the very schemas the routes parse with and the table of rights. Imported only when
// the document is asked for.
import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { type Access, accessOf } from './rights.ts';
import type { Route } from './route.ts';
import { SCRIPT_ROUTES } from './scripts.ts';
import { problem, WIRE } from './wire.ts';

const DESCRIPTION = `Access tokens for the programs on this machine. Every request but health carries a key made with
\`tokentray keys add\`. Errors are RFC 9457 problem documents with a stable code. Bodies are JSON of at most
${LIMITS.endpointBodyBytes / 1_024} KiB; unknown fields and parameters are refused. Times are RFC 3339, durations seconds.`;

const PARAMETERS: Readonly<Record<string, string>> = {
  provider: 'A provider; where a connection is meant and no account follows, also an id c_…',
  account: 'The account name of a connection',
  ref: 'A connection: its id, provider/account with the slash as %2F, or a provider alone',
  id: 'An id from an answer',
  name: 'The name of a key',
};

let made: { readonly url: string; readonly version: string; readonly json: string } | undefined;

/** The document as JSON text. `url`: where the endpoint is reached now. */
export function openApiJson(url: string, version: string): string {
  if (made?.url === url && made.version === version) return made.json;
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'tt_…',
  });
  for (const route of Object.values(SCRIPT_ROUTES)) registry.registerPath(described(route));
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Tokentray', version, description: DESCRIPTION, license: { name: 'MIT' } },
    servers: [{ url }],
    security: [{ key: [] }],
  });
  made = { url, version, json: JSON.stringify(document) };
  return made.json;
}

function described(route: Route) {
  const space = route.name.indexOf(' ');
  const path = route.name.slice(space + 1);
  const access = accessOf(route.name);
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const query = route.query?.();
  const body = route.body?.();
  return createRoute({
    method: methodOf(route.name.slice(0, space)),
    path,
    operationId: operationId(route.name),
    tags: [path.split('/')[2]!.replace('.json', '')],
    summary: route.summary,
    description: describeAccess(access),
    ...(access.right === 'none' ? { security: [] } : {}),
    request: {
      ...(parameters.length === 0 ? {} : { params: z.object(Object.fromEntries(parameters.map(parameter))) }),
      ...(query instanceof z.ZodObject ? { query } : {}),
      ...(route.answer === 'Events'
        ? {
            headers: z.object({
              'Last-Event-ID': z.string().optional().meta({ description: 'Replay from here' }),
            }),
          }
        : {}),
      ...(body === undefined
        ? {}
        : { body: { required: !route.bodyOptional, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      [route.status]: { description: route.summary, content: content(route) },
      ...(access.right === 'none' ? {} : { 401: refusal('No valid key') }),
      ...(parameters.length === 0 ? {} : { 404: refusal('Nothing by that name that this key may see') }),
      ...(access.states.length === 3 ? {} : { 423: refusal('The vault is locked or not set up') }),
      default: refusal('What went wrong, and what can be done'),
    },
  });
}

const parameter = (name: string) => [name, z.string().meta({ description: PARAMETERS[name] })] as const;

const refusal = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problem } },
});

function content({ answer }: Route) {
  const schema = WIRE[answer];
  if (answer === 'Events') return { 'text/event-stream': { schema } };
  if (answer !== 'Token') return { 'application/json': { schema } };
  const bare = z.string().meta({ description: 'The bare token, or one header line' });
  return { 'application/json': { schema }, 'text/plain': { schema: bare } };
}

function methodOf(text: string): 'get' | 'post' | 'patch' | 'delete' {
  if (text === 'GET') return 'get';
  if (text === 'POST') return 'post';
  return text === 'PATCH' ? 'patch' : 'delete';
}

/** `GET /v1/token/{provider}/{account}` is `getTokenByProviderAndAccount`. */
function operationId(name: string): string {
  const [method = '', path = ''] = name.split(' ');
  const parts = path.replace('.json', '').split('/').slice(2);
  const words = parts
    .filter((part) => !part.startsWith('{'))
    .map(capital)
    .join('');
  const by = parts.filter((part) => part.startsWith('{')).map((part) => capital(part.slice(1, -1)));
  return `${method.toLowerCase()}${words}${by.length === 0 ? '' : `By${by.join('And')}`}`;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

function describeAccess({ right, states }: Access): string {
  const key = {
    none: 'No key needed.',
    any: 'Any key.',
    token: 'A key with the right token on this connection, or admin.',
    use: 'A key with the right token or proxy; it sees its own connections. Or admin.',
    admin: 'A key with the right admin.',
  }[right];
  return states.length === 3 ? key : `${key} Works while the vault is: ${states.join(', ')}.`;
}
