/**
 * A real HTTP server that speaks what engines speak beside chat. The texts are those of the engines' own documentation,
 * shortened, with figures changed where a test needs others:
 * vLLM docs/usage/metrics.md, docs/features/lora.md; SGLang docs/references/production_metrics.md, docs/advanced_features/lora.ipynb;
 * llama.cpp tools/server/README.md; TGI docs/source/reference/metrics.md (names only); Ollama docs.ollama.com/api/ps;
 * LM Studio docs 1_developer/2_rest/endpoints.mdx. Members that are from memory: `max_model_len`, `/info`, `/props`.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'vitest';
import { chatAnswer } from './upstream.ts';

export interface FakeEngine {
  /** `http://127.0.0.1:port/v1` */
  baseUrl: string;
  /** `GET /metrics`, in the order they came. */
  asked: string[];
  /** By `GET /path`: the text of a 200. What is not there is answered with 404. */
  texts: Map<string, string>;
  /** By `POST /path`. */
  actions: Map<string, (body: Record<string, unknown>) => { status: number; text: string }>;
  /** Model names that chat was asked for. */
  called: unknown[];
}

export const VLLM_METRICS = (waiting: number, running: number, kvCacheUse: number): string =>
  `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="unsloth/Llama-3.2-1B-Instruct"} ${running}.0
# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="unsloth/Llama-3.2-1B-Instruct"} ${waiting}.0
# HELP vllm:kv_cache_usage_perc KV-cache usage. 1 means 100 percent usage.
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{engine="0",model_name="unsloth/Llama-3.2-1B-Instruct"} ${kvCacheUse}
# HELP vllm:iteration_tokens_total Histogram of number of tokens per engine_step.
# TYPE vllm:iteration_tokens_total histogram
vllm:iteration_tokens_total_sum{model_name="unsloth/Llama-3.2-1B-Instruct"} 0.0
vllm:iteration_tokens_total_bucket{le="1.0",model_name="unsloth/Llama-3.2-1B-Instruct"} 3.0
`;

export const vllmModels = (...adapters: string[]): string =>
  JSON.stringify({
    object: 'list',
    data: [
      {
        id: 'meta-llama/Llama-2-7b-hf',
        object: 'model',
        created: 1715644056,
        owned_by: 'vllm',
        root: '~/.cache/huggingface/hub/models--meta-llama--Llama-2-7b-hf/',
        parent: null,
        max_model_len: 4096,
      },
      ...adapters.map((id) => ({
        id,
        object: 'model',
        created: 1715644056,
        owned_by: 'vllm',
        root: `/adapters/${id}`,
        parent: 'meta-llama/Llama-2-7b-hf',
      })),
    ],
  });

/** Starts one, and stops it when the test is over. */
export async function startEngine(onTestFinished: TestContext['onTestFinished']): Promise<FakeEngine> {
  const engine: FakeEngine = { baseUrl: '', asked: [], texts: new Map(), actions: new Map(), called: [] };
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    const { method, url = '' } = request;
    engine.asked.push(`${method} ${url}`);
    if (url.endsWith('/chat/completions')) {
      engine.called.push(body.model);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(chatAnswer({ words: ['Hello'] }, body.model)));
      return;
    }
    const action = method === 'POST' ? engine.actions.get(url) : undefined;
    const text = method === 'GET' ? engine.texts.get(url) : undefined;
    const answer = action?.(body) ?? (text === undefined ? undefined : { status: 200, text });
    response.writeHead(answer?.status ?? 404, { 'content-type': 'text/plain' });
    response.end(answer?.text ?? '{"detail":"Not Found"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  engine.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return engine;
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
