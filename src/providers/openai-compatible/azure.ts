import { TrimtabError } from '../../core/error.ts';
import type { Protocol } from '../../core/protocol.ts';
import { asString } from '../json.ts';

/** Latest stable data-plane version of the deployment paths (reference in `presets.ts`). `v1` takes the unversioned paths. */
const DEFAULT_API_VERSION = '2024-10-21';

/** Deployment names stand in the path; `v1` reads them from the body like everybody else. */
export function azurePath(
  protocol: Protocol,
  model: string,
  options: Readonly<Record<string, unknown>>,
): string {
  const operation = protocol === 'chat' ? 'chat/completions' : 'embeddings';
  const version = asString(options.apiVersion) ?? DEFAULT_API_VERSION;
  if (version === 'v1') return `/openai/v1/${operation}`;
  return `/openai/deployments/${encodeURIComponent(model)}/${operation}?api-version=${encodeURIComponent(version)}`;
}

/** `options.apiVersion`: `v1`, or a date such as `2024-10-21` (the default), optionally `-preview`. */
export function parseAzureOptions(options: Record<string, unknown>): Record<string, unknown> {
  const { apiVersion = DEFAULT_API_VERSION, ...rest } = options;
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
  return { apiVersion };
}
