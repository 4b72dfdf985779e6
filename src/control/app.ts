/**
 * The control plane as one Hono app over `fetch`: the worker serves it to the gateway thread, the CLI opens it in
 * process. Handlers are thin and stand in `handlers/`, one file per resource; this file mounts them, asks sign-in,
 * parses input, and turns every error into the one shape.
 */
import { type Context, Hono } from 'hono';
import { TrimtabError } from '../core/error.ts';
import type { ApiError } from './api-types.ts';
import type { ControlDeps } from './deps.ts';
import { adviceRoutes } from './handlers/advice.ts';
import { batchRoutes } from './handlers/batches.ts';
import { callRoutes } from './handlers/calls.ts';
import { costRoutes } from './handlers/costs.ts';
import { deploymentRoutes } from './handlers/deployments.ts';
import { engineRoutes } from './handlers/engines.ts';
import { evidenceRoutes } from './handlers/evidence.ts';
import { feedbackRoutes } from './handlers/feedback.ts';
import { historyRoutes } from './handlers/history.ts';
import { keyRoutes } from './handlers/keys.ts';
import { loadTestRoutes } from './handlers/load-tests.ts';
import { overviewRoutes } from './handlers/overview.ts';
import { portfolioRoutes } from './handlers/portfolio.ts';
import { recommendationRoutes } from './handlers/recommendations.ts';
import { revisionRoutes } from './handlers/revisions.ts';
import { sessionRoutes } from './handlers/session.ts';
import { stackRoutes } from './handlers/stack.ts';
import { statusRoutes } from './handlers/status.ts';
import { taskRoutes } from './handlers/tasks.ts';
import { describeApi } from './openapi.ts';
import { toPublicError } from './public-error.ts';
import { parseInput, type Route } from './route.ts';
import type { Assets } from './static.ts';

/** Every endpoint of the control API but the OpenAPI document, `/metrics` and the dashboard's files. */
export const routes: readonly Route[] = [
  ...sessionRoutes,
  ...statusRoutes,
  ...overviewRoutes,
  ...callRoutes,
  ...costRoutes,
  ...taskRoutes,
  ...stackRoutes,
  ...deploymentRoutes,
  ...engineRoutes,
  ...revisionRoutes,
  ...keyRoutes,
  ...batchRoutes,
  ...feedbackRoutes,
  ...historyRoutes,
  ...evidenceRoutes,
  ...adviceRoutes,
  ...recommendationRoutes,
  ...portfolioRoutes,
  ...loadTestRoutes,
];

/** The app. `assets` absent: no dashboard (the CLI's own use). */
export function createApp(deps: ControlDeps, assets?: Assets): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header('x-content-type-options', 'nosniff');
    if (!context.res.headers.has('cache-control')) context.header('cache-control', 'no-store');
  });
  app.onError((error) => toErrorResponse(error, deps));
  for (const route of routes) {
    app.on(route.method, route.path, (context) => runRoute(route, context, deps));
  }
  let document: string | undefined;
  app.get('/api/openapi.json', () => {
    document ??= JSON.stringify(describeApi(routes, deps.state.version));
    return jsonResponse(document);
  });
  app.get('/metrics', async ({ req }) => {
    deps.signIn.admit(req.raw);
    deps.metrics.setEngines(deps.engines.views());
    return new Response(await deps.metrics.text(), { headers: { 'content-type': deps.metrics.contentType } });
  });
  app.all('/api/*', (context) => refuseUnknown(context, deps));
  app.on(['GET', 'HEAD'], '*', (context) => assets?.serve(context.req.raw) ?? refuseUnknown(context, deps));
  app.notFound(() => toErrorResponse(new TrimtabError('not_found', 'there is nothing at this path'), deps));
  return app;
}

async function runRoute(route: Route, context: Context, deps: ControlDeps): Promise<Response> {
  const request = context.req.raw;
  if (route.access === 'signed-in') deps.signIn.admit(request);
  const input = {
    params: parseInput(route.params, context.req.param(), ''),
    query: parseInput(route.query, Object.fromEntries(new URL(request.url).searchParams), 'query'),
    body: route.body ? parseInput(route.body, await readJson(request), '') : undefined,
    request,
  };
  const answer = await route.run(input, deps);
  return answer instanceof Response ? answer : Response.json(answer, { status: route.answer.status });
}

/** Reads a JSON body. The gateway thread has already bounded its size. */
async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new TrimtabError('unsupported_media_type', `the body is \`${type ?? 'of no type'}\``);
  }
  try {
    return await request.json();
  } catch (cause) {
    throw new TrimtabError('invalid_json', 'the body is not valid JSON', { cause });
  }
}

/** Signed-in callers learn that a path or method is unknown; others learn nothing. */
function refuseUnknown(context: Context, deps: ControlDeps): Response {
  const request = context.req.raw;
  deps.signIn.admit(request);
  const allowed = routes.filter(({ path }) => matches(path, context.req.path)).map(({ method }) => method);
  if (allowed.length === 0) throw new TrimtabError('not_found', `there is nothing at ${context.req.path}`);
  const error = new TrimtabError(
    'method_not_allowed',
    `${request.method} is not one of ${allowed.join(', ')}`,
  );
  const response = toErrorResponse(error, deps);
  response.headers.set('allow', allowed.join(', '));
  return response;
}

function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('/');
  const given = path.split('/');
  return (
    parts.length === given.length && parts.every((part, at) => part.startsWith(':') || part === given[at])
  );
}

function toErrorResponse(error: unknown, deps: ControlDeps): Response {
  const known = toPublicError(error, { logger: deps.logger, what: 'control API' });
  const body: ApiError = {
    error: { code: known.code, message: known.message, field: known.field ?? null, advice: known.advice },
  };
  const response = jsonResponse(JSON.stringify(body), known.status);
  if (known.retryAfterSeconds !== undefined) {
    response.headers.set('retry-after', String(known.retryAfterSeconds));
  }
  return response;
}

function jsonResponse(text: string, status = 200): Response {
  return new Response(text, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}
