import { z } from 'zod';
import { TrimtabError } from '../core/error.ts';
import type { ControlDeps } from './deps.ts';

/** What a handler is given: input already checked against the route's schemas, and the request itself. */
export interface RouteInput<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  request: Request;
}

/** One endpoint, as data: the app mounts it, `openapi.ts` documents it, both from the same schemas. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** `/api/v1/calls/:id` */
  path: string;
  summary: string;
  /** `signed-in` unless said otherwise: deny by default. */
  access: 'open' | 'signed-in';
  params: z.ZodType | null;
  query: z.ZodType | null;
  body: z.ZodType | null;
  answer: RouteAnswer;
  run(input: RouteInput<unknown, unknown, unknown>, deps: ControlDeps): Promise<unknown>;
}

export interface RouteAnswer {
  status: 200 | 201;
  /** `null`: not JSON. */
  schema: z.ZodType | null;
  /** Default `application/json`. */
  contentType?: string;
}

export interface RouteDefinition<
  P extends z.ZodType = z.ZodType<undefined>,
  Q extends z.ZodType = z.ZodType<undefined>,
  B extends z.ZodType = z.ZodType<undefined>,
> {
  method: Route['method'];
  path: string;
  summary: string;
  access?: Route['access'];
  params?: P;
  query?: Q;
  body?: B;
  answer: RouteAnswer;
  /** Returns the JSON of the answer, or a complete `Response`. */
  handle(input: RouteInput<z.output<P>, z.output<Q>, z.output<B>>, deps: ControlDeps): Promise<unknown>;
}

/** Erases a definition's types once its schemas are tied to its handler. */
export function defineRoute<
  P extends z.ZodType = z.ZodType<undefined>,
  Q extends z.ZodType = z.ZodType<undefined>,
  B extends z.ZodType = z.ZodType<undefined>,
>(definition: RouteDefinition<P, Q, B>): Route {
  return {
    method: definition.method,
    path: definition.path,
    summary: definition.summary,
    access: definition.access ?? 'signed-in',
    params: definition.params ?? null,
    query: definition.query ?? null,
    body: definition.body ?? null,
    answer: definition.answer,
    run: (input, deps) => definition.handle(input as RouteInput<z.output<P>, z.output<Q>, z.output<B>>, deps),
  };
}

/**
 * Parses untrusted input, or throws TrimtabError(invalid_request) naming the first field at fault as a path below
 * `root` (`query.limit`, `name`).
 */
export function parseInput(schema: z.ZodType | null, value: unknown, root: string): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path =
    issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : (issue?.path ?? []);
  const field = [root, ...path.map(String)].filter((part) => part !== '').join('.');
  throw new TrimtabError('invalid_request', `${field || 'the body'}: ${issue?.message ?? 'is not valid'}`, {
    ...(field ? { field } : {}),
  });
}

/** An id of the given prefix, as it stands in a path. */
export const idParam = z.string().min(1).max(200);

export const pathId = z.strictObject({ id: idParam });
