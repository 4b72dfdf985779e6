import { TrimtabError } from '../../core/error.ts';
import type { Protocol } from '../../core/protocol.ts';
import { asString } from '../json.ts';
import { withQuery } from './own-api.ts';
import type { OwnPlace } from './preset.ts';

/**
 * Latest stable data-plane version of the deployment paths (reference in `presets.ts`). `v1` takes the unversioned paths.
 * Responses stand at `v1` only: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses, as known 2026-11-25.
 */
const DEFAULT_API_VERSION = '2024-10-21';

/** Deployment names stand in the path; `v1` reads them from the body like everybody else. */
export function azurePath(
  protocol: Protocol,
  model: string,
  options: Readonly<Record<string, unknown>>,
): string {
  if (protocol === 'responses') return '/openai/v1/responses';
  const operation = protocol === 'chat' ? 'chat/completions' : 'embeddings';
  const version = asString(options.apiVersion) ?? DEFAULT_API_VERSION;
  if (version === 'v1') return `/openai/v1/${operation}`;
  return `/openai/deployments/${encodeURIComponent(model)}/${operation}?api-version=${encodeURIComponent(version)}`;
}

/**
 * The rest of the API: what a model works for stands below its deployment, everything else beside them (reference in
 * `presets.ts`, as known 2026-11-25).
 */
export function azureOwnPath(
  { path, query, model }: OwnPlace,
  options: Readonly<Record<string, unknown>>,
): string {
  const version = asString(options.apiVersion) ?? DEFAULT_API_VERSION;
  if (version === 'v1') return withQuery(`/openai/v1${path}`, query);
  const isModels = model !== null && /^\/(images|audio)\//.test(path);
  const place = isModels ? `/openai/deployments/${encodeURIComponent(model)}${path}` : `/openai${path}`;
  const rest = query === '' ? '' : `&${query}`;
  return `${place}?api-version=${encodeURIComponent(version)}${rest}`;
}

/** An API key has a header of its own; a Microsoft Entra ID token goes as a Bearer token. */
export function azureKeyHeader(options: Readonly<Record<string, unknown>>): string | undefined {
  return options.auth === 'entra' ? undefined : 'api-key';
}

/**
 * `options.apiVersion`: `v1`, or a date such as `2024-10-21` (the default), optionally `-preview`. `options.auth`: what
 * `apiKey` holds: `key` (default), or `entra` for a Microsoft Entra ID access token, which somebody else keeps fresh.
 */
export function parseAzureOptions(options: Record<string, unknown>): Record<string, unknown> {
  const { apiVersion = DEFAULT_API_VERSION, auth = 'key', ...rest } = options;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    const field = `options.${unknown}`;
    throw new TrimtabError('config_invalid', `\`${field}\` is not known`, { field });
  }
  if (typeof apiVersion !== 'string' || !/^(v1|\d{4}-\d{2}-\d{2}(-preview)?)$/.test(apiVersion)) {
    const field = 'options.apiVersion';
    throw new TrimtabError('config_invalid', '`options.apiVersion` is `v1` or a date like 2024-10-21', {
      field,
    });
  }
  if (auth !== 'key' && auth !== 'entra') {
    throw new TrimtabError('config_invalid', '`options.auth` is `key` or `entra`', { field: 'options.auth' });
  }
  return { apiVersion, auth };
}
