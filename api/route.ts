// A route: its schemas, what it answers and what it does, written once. From it come the parsed types its handler
// sees, the checks in their fixed order (api/handle.ts) and the OpenAPI document (api/openapi.ts).
import { z } from 'zod';
import type { Session, Sessions } from '../core/access/sessions.ts';
import type { Engine } from '../core/engine.ts';
import type { Caller } from '../core/model/caller.ts';
import { parseInput } from '../core/model/field.ts';
import type { Clock, LogPort } from '../core/ports.ts';
import { queryOf, readJson } from './body.ts';
import type { Door } from './guard.ts';
import type { HostControls } from './host-controls.ts';
import { badRequest, JSON_HEADERS } from './problem.ts';
import type { RouteName, WindowRouteName } from './rights.ts';
import type { WireName, WireTypes } from './wire.ts';

type AnyRoute = RouteName | WindowRouteName;

/** What every handler may use. */
export interface Services {
  readonly engine: Engine;
  readonly host: HostControls;
  readonly sessions: Sessions;
  readonly log: LogPort;
  readonly clock: Clock;
}

/** A request that has passed every check but those of its own query and body. */
interface AdmittedRequest {
  readonly request: Request;
  readonly door: Door;
  readonly caller: Caller;
  /** Of the window; undefined at the scripts' doors, where a key is. */
  readonly session: Session | undefined;
  /** The decoded value of a `{name}` in the path. */
  param(name: string): string;
}

type ParamsOf<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamsOf<Rest> : never;

export interface Call<Name extends AnyRoute, Query, Body> extends Services {
  readonly request: Request;
  readonly door: Door;
  readonly caller: Caller;
  readonly session: Session | undefined;
  param(name: ParamsOf<Name>): string;
  readonly query: Query;
  readonly body: Body;
}

/** A schema made when first needed: most routes are never called in the life of a process. */
type Later<T> = () => T;

interface RouteSpec<Name extends AnyRoute, Query, Body, Answer extends WireName> {
  readonly summary: string;
  /** Every parameter optional. Without it, no parameter is known. */
  readonly query?: Later<z.ZodType<Query>>;
  readonly body?: Later<z.ZodType<Body>>;
  readonly bodyOptional?: boolean;
  /** Schema of the answer, by its name in api/wire.ts. */
  readonly answer: Answer;
  readonly status?: 200 | 201 | 202;
  /** A Response is sent as it is; anything else as JSON. */
  handle(call: Call<Name, Query, Body>): WireTypes[Answer] | Response | Promise<WireTypes[Answer] | Response>;
}

export interface Route {
  readonly name: AnyRoute;
  readonly summary: string;
  readonly query: Later<z.ZodType> | undefined;
  readonly body: Later<z.ZodType> | undefined;
  readonly bodyOptional: boolean;
  readonly answer: WireName;
  readonly status: number;
  /** Parses query and body, runs the handler. Throws or rejects with what either throws. */
  run(admitted: AdmittedRequest, services: Services): Response | Promise<Response>;
}

/** Defines a route of api/rights.ts. A body or query without a schema is `undefined` to the handler. */
export function route<Name extends AnyRoute, Answer extends WireName, Query = undefined, Body = undefined>(
  name: Name,
  spec: RouteSpec<Name, Query, Body, Answer>,
): Route {
  const status = spec.status ?? 200;
  const bodyOptional = spec.bodyOptional ?? false;
  const query = spec.query && once(spec.query);
  const body = spec.body && once(spec.body);
  const parseQuery = queryParser(query);

  const respond = (answer: WireTypes[Answer] | Response): Response =>
    answer instanceof Response
      ? answer
      : new Response(JSON.stringify(answer), { status, headers: JSON_HEADERS });

  const handle = (admitted: AdmittedRequest, services: Services, parsed: Body) => {
    const { request, door, caller, session, param } = admitted;
    const answer = spec.handle({
      ...services,
      request,
      door,
      caller,
      session,
      param,
      query: parseQuery(request.url),
      body: parsed,
    });
    return answer instanceof Promise ? answer.then(respond) : respond(answer);
  };

  return {
    name,
    summary: spec.summary,
    query,
    body,
    bodyOptional,
    answer: spec.answer,
    status,
    run(admitted, services) {
      // Without a schema, Body is its default: undefined.
      if (body === undefined) return handle(admitted, services, undefined as Body);
      return readJson(admitted.request).then((json) => {
        if (json === undefined && !bodyOptional) throw badRequest('The request needs a JSON body.');
        return handle(admitted, services, parseInput(body(), json === undefined ? {} : json, 'The body'));
      });
    },
  };
}

const NO_PARAMETERS = once(() => z.strictObject({}));

function queryParser<Query>(schema: (() => z.ZodType<Query>) | undefined): (url: string) => Query {
  if (schema === undefined) {
    return (url) => {
      const given = queryOf(url);
      if (given !== undefined) parseInput(NO_PARAMETERS(), given, 'The query');
      // Without a schema, Query is its default: undefined.
      return undefined as Query;
    };
  }
  const defaults = once(() => parseInput(schema(), {}, 'The query'));
  return (url) => {
    const given = queryOf(url);
    return given === undefined ? defaults() : parseInput(schema(), given, 'The query');
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
