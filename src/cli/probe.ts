import { request } from 'undici';
import { findProvider } from '../providers/index.ts';
import type { UpstreamRequest } from '../providers/provider.ts';
import type { Stack } from '../stack/stack.ts';
import { readSecrets } from './check-stack.ts';

const PROBE_TIMEOUT_MS = 10_000;
const MAX_PROBE_BYTES = 5_000_000;

/** What a provider answered to a request that costs no tokens. */
export interface ProbeResult {
  provider: string;
  state: 'ok' | 'failed' | 'skipped';
  /** In words; never a header or a body. */
  detail: string;
  /** Models this stack names that the provider does not list. */
  missingModels: string[];
}

/** Asks every provider for its models, all at once. No task's data is sent. */
export function probeProviders(
  stack: Stack,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProbeResult[]> {
  return Promise.all(Object.keys(stack.providers).map((name) => probe(name, stack, env)));
}

async function probe(
  name: string,
  stack: Stack,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProbeResult> {
  const config = stack.providers[name];
  const type = config && findProvider(config.type);
  const result = (
    state: ProbeResult['state'],
    detail: string,
    missingModels: string[] = [],
  ): ProbeResult => ({
    provider: name,
    state,
    detail,
    missingModels,
  });
  if (!config || !type) return result('failed', 'unknown type');
  if (type.sandbox) return result('skipped', 'simulated here; nothing to reach');
  const secrets = readSecrets(name, stack, env);
  if (typeof secrets === 'string') return result('failed', 'its secret is not there');
  const connection = type.connect(config, secrets);
  const question = connection.probe();
  if (!question) return result('skipped', 'has no request that costs nothing');
  try {
    const { status, body } = await send(question);
    if (status === 401 || status === 403)
      return result('failed', `reached, but the credential was refused (${status})`);
    if (status >= 400) return result('failed', `reached, answered ${status}`);
    const models = connection.readProbe(status, body);
    const named = Object.values(stack.deployments).filter(({ provider }) => provider === name);
    const missing =
      models.length === 0 ? [] : named.map(({ model }) => model).filter((model) => !models.includes(model));
    return result('ok', models.length === 0 ? 'reached' : `reached, ${models.length} models`, missing);
  } catch (error) {
    return result('failed', `not reached: ${reasonOf(error)}`);
  }
}

/** Not `fetch`: that refuses some ports. Redirects are not followed: they would carry the credential elsewhere. */
async function send({ origin, path, method, headers, body }: UpstreamRequest): Promise<{
  status: number;
  body: Buffer;
}> {
  const answer = await request(origin + path, {
    method,
    headers,
    body: Array.isArray(body) ? Buffer.concat(body) : body,
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_PROBE_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return { status: answer.statusCode, body: Buffer.concat(chunks) };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${PROBE_TIMEOUT_MS / 1000} s`;
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
