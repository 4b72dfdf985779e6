import { z } from 'zod';
import { ERRORS } from '../core/error.ts';
import { apiError } from './answers.ts';
import type { Route } from './route.ts';

const ERROR_REF = { $ref: '#/components/schemas/ApiError' };
/** What every signed-in route may also answer. */
const COMMON_ERRORS = [400, 401, 403, 404, 409, 422, 429, 500, 503];

/** The OpenAPI 3.1 document of the control API, from the same schemas the app checks input with. */
export function describeApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = toOpenApiPath(route.path);
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = describeRoute(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Trimtab control API',
      version,
      description: 'Times are epoch milliseconds, money is whole nano-USD (1 USD = 1,000,000,000).',
    },
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The admin token.' },
        session: { type: 'apiKey', in: 'cookie', name: 'trimtab_session' },
      },
      schemas: { ApiError: toSchema(apiError) },
    },
  };
}

/** `/api/v1/calls/:id` -> `/api/v1/calls/{id}` */
export function toOpenApiPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

function describeRoute(route: Route): Record<string, unknown> {
  const contentType = route.answer.contentType ?? 'application/json';
  const errors = COMMON_ERRORS.map((status) => [
    String(status),
    { description: codesOf(status).join(', '), content: { 'application/json': { schema: ERROR_REF } } },
  ]);
  return {
    summary: route.summary,
    ...(route.access === 'open' ? { security: [] } : {}),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body
      ? { requestBody: { required: true, content: { 'application/json': { schema: toSchema(route.body) } } } }
      : {}),
    responses: {
      [route.answer.status]: {
        description: route.summary,
        content: { [contentType]: route.answer.schema ? { schema: toSchema(route.answer.schema) } : {} },
      },
      ...Object.fromEntries(errors),
    },
  };
}

function parameters(schema: z.ZodType | null, place: 'path' | 'query'): Record<string, unknown>[] {
  if (!schema) return [];
  const object = toSchema(schema) as { properties?: Record<string, object>; required?: string[] };
  return Object.entries(object.properties ?? {}).map(([name, member]) => ({
    name,
    in: place,
    required: place === 'path' || (object.required?.includes(name) ?? false),
    schema: member,
  }));
}

function toSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

function codesOf(status: number): string[] {
  return Object.entries(ERRORS)
    .filter(([, row]) => row.status === status)
    .map(([code]) => code);
}
