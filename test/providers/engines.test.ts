/** What each engine tells of itself, read from the texts of its own documentation (see support/engine.ts for the pages). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TrimtabError } from '../../src/core/error.ts';
import type { Engine } from '../../src/providers/engine.ts';
import { findProvider, providers } from '../../src/providers/index.ts';
import { provider } from '../gateway/harness.ts';
import { VLLM_METRICS, vllmModels } from '../support/engine.ts';

function engineOf(type: string, baseUrl = 'http://10.0.0.5:8000/v1'): Engine {
  const secrets = { apiKey: null, headers: { 'x-door': 'open sesame' } };
  const engine = findProvider(type)?.connect(provider(baseUrl, { type }), secrets).engine;
  if (!engine) throw new Error(`${type} is no engine`);
  return engine;
}

const bytes = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const loadOf = (type: string, text: string) => engineOf(type).load?.read([bytes(text)]);
const modelsOf = (type: string, ...answers: unknown[]) =>
  engineOf(type).models.read(answers.map((answer) => (answer === null ? null : bytes(answer))));

describe('how busy it is', () => {
  test('vLLM: summed over its engines, the KV cache of the fullest; the older name is read too', () => {
    expect(loadOf('vllm', VLLM_METRICS(3, 12, 0.41))).toEqual({ waiting: 3, running: 12, kvCacheUse: 0.41 });
    const second = VLLM_METRICS(1, 4, 0.9).replaceAll('engine="0"', 'engine="1"');
    expect(loadOf('vllm', VLLM_METRICS(3, 12, 0.41) + second)).toEqual({
      waiting: 4,
      running: 16,
      kvCacheUse: 0.9,
    });
    expect(loadOf('vllm', VLLM_METRICS(0, 0, 0.2).replaceAll('kv_cache', 'gpu_cache'))).toEqual({
      waiting: 0,
      running: 0,
      kvCacheUse: 0.2,
    });
  });

  test('SGLang, llama.cpp, TGI: what is not told is unknown', () => {
    const sglang = `# HELP sglang:token_usage The token usage
# TYPE sglang:token_usage gauge
sglang:token_usage{model_name="meta-llama/Llama-3.1-8B-Instruct"} 0.28
# TYPE sglang:num_running_reqs gauge
sglang:num_running_reqs{model_name="meta-llama/Llama-3.1-8B-Instruct"} 162.0
# TYPE sglang:num_queue_reqs gauge
sglang:num_queue_reqs{model_name="meta-llama/Llama-3.1-8B-Instruct"} 2826.0
`;
    expect(loadOf('sglang', sglang)).toEqual({ waiting: 2826, running: 162, kvCacheUse: 0.28 });
    const llama = 'llamacpp:requests_processing 4\nllamacpp:requests_deferred 46\n';
    expect(loadOf('llama-cpp', llama)).toEqual({ waiting: 46, running: 4, kvCacheUse: null });
    expect(loadOf('tgi', 'tgi_batch_current_size 8\ntgi_queue_size 5')).toEqual({
      waiting: 5,
      running: 8,
      kvCacheUse: null,
    });
    expect([engineOf('ollama').load, engineOf('lm-studio').load]).toEqual([null, null]);
  });

  test('a page without these gauges, or with no number in them, tells nothing', () => {
    expect(loadOf('vllm', '')).toBeNull();
    expect(loadOf('vllm', '<html>vllm:num_requests_waiting 3</html>')).toBeNull();
    expect(loadOf('vllm', 'vllm:num_requests_waiting_by_reason{reason="capacity"} 3\n')).toBeNull();
    expect(loadOf('vllm', 'vllm:num_requests_waiting NaN\nvllm:num_requests_running -1\n')).toBeNull();
    // A label may hold anything, the name of another gauge and a bracket included.
    const odd = 'vllm:num_requests_waiting{model_name="a\\"} vllm:num_requests_waiting 9"} 2\n';
    expect(loadOf('vllm', odd)?.waiting).toBe(2);
  });

  test('no text makes a reader throw, or give what is no figure', () => {
    const engines = providers.flatMap(({ type }) => {
      const connection = findProvider(type);
      return connection?.localPorts.length ? [engineOf(type)] : [];
    });
    expect(engines).toHaveLength(6);
    const piece = fc.constantFrom(
      'vllm:num_requests_waiting',
      '{a="',
      '"}',
      ' 1',
      '\n',
      '{"data":[',
      '{"id":1}',
      ']}',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const body = bytes(pieces.join(''));
        for (const { load, models, adapters } of engines) {
          const told = load?.read([body]);
          for (const value of Object.values(told ?? {})) expect(value === null || value >= 0).toBe(true);
          models.read(models.requests.map(() => body));
          adapters?.list.read([body]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('what it serves', () => {
  test('vLLM and SGLang: the list with its context, adapters with their parent', () => {
    const list = [
      { id: 'meta-llama/Llama-2-7b-hf', contextTokens: 4096, loaded: null, parent: null },
      { id: 'sql-lora', contextTokens: null, loaded: null, parent: 'meta-llama/Llama-2-7b-hf' },
    ];
    expect(modelsOf('vllm', vllmModels('sql-lora'))).toEqual(list);
    expect(modelsOf('sglang', vllmModels('sql-lora'))).toEqual(list);
    const { serves } = engineOf('vllm');
    expect([serves?.('sql-lora', list), serves?.('sql-lora-2', list)]).toEqual([true, false]);
    expect(engineOf('sglang').serves).toBeNull();
  });

  test('Ollama: what is installed, and what of it is in memory', () => {
    const tags = { models: [{ name: 'gemma3:latest' }, { name: 'llama3.2:1b' }] };
    const ps = { models: [{ name: 'gemma3:latest', size_vram: 5333539264, context_length: 4096 }] };
    const served = modelsOf('ollama', tags, ps);
    expect(served).toEqual([
      { id: 'gemma3:latest', contextTokens: 4096, loaded: true, parent: null },
      { id: 'llama3.2:1b', contextTokens: null, loaded: false, parent: null },
    ]);
    expect(modelsOf('ollama', tags, null)?.map(({ loaded }) => loaded)).toEqual([null, null]);
    const { serves } = engineOf('ollama');
    expect(['gemma3', 'gemma3:latest', 'llama3.2'].map((model) => serves?.(model, served ?? []))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('LM Studio: its own list, else the shared one', () => {
    const own = {
      object: 'list',
      data: [
        { id: 'qwen2-vl-7b-instruct', type: 'vlm', state: 'not-loaded', max_context_length: 32768 },
        {
          id: 'granite-3.0-2b',
          type: 'llm',
          state: 'loaded',
          max_context_length: 131072,
          loaded_context_length: 4096,
        },
      ],
    };
    expect(modelsOf('lm-studio', own, null)).toEqual([
      { id: 'qwen2-vl-7b-instruct', contextTokens: 32768, loaded: false, parent: null },
      { id: 'granite-3.0-2b', contextTokens: 4096, loaded: true, parent: null },
    ]);
    expect(modelsOf('lm-studio', null, { data: [{ id: 'x' }] })).toEqual([
      { id: 'x', contextTokens: null, loaded: null, parent: null },
    ]);
  });

  test('llama.cpp: the context it runs with, not the one the model was trained for; TGI: its one model', () => {
    const list = { object: 'list', data: [{ id: 'llama.gguf', meta: { n_ctx_train: 131072 } }] };
    const props = { default_generation_settings: { n_ctx: 8192 } };
    const model = { id: 'llama.gguf', contextTokens: 8192, loaded: true, parent: null };
    expect(modelsOf('llama-cpp', list, props)).toEqual([model]);
    expect(modelsOf('llama-cpp', list, null)).toEqual([{ ...model, contextTokens: null }]);
    expect(modelsOf('tgi', { model_id: 'bigscience/blomm-560m', max_total_tokens: 2048 })).toEqual([
      { id: 'bigscience/blomm-560m', contextTokens: 2048, loaded: true, parent: null },
    ]);
  });

  test('requests go to the root of the engine, behind a prefix too, with its credential', () => {
    const headers = ['x-door', 'open sesame'];
    const { load, models } = engineOf('vllm', 'https://gpu.example.com/llama/v1');
    const get = { origin: 'https://gpu.example.com', method: 'GET', headers, body: null };
    expect(load?.requests).toEqual([{ ...get, path: '/llama/metrics' }]);
    expect(models.requests).toEqual([{ ...get, path: '/llama/v1/models' }]);
  });
});

describe('LoRA adapters', () => {
  test('vLLM and SGLang load and unload by name', () => {
    for (const [type, load, unload, model] of [
      ['vllm', '/v1/load_lora_adapter', '/v1/unload_lora_adapter', 'sql-lora'],
      ['sglang', '/load_lora_adapter', '/unload_lora_adapter', 'meta-llama/Llama-2-7b-hf:sql-lora'],
    ] as const) {
      const { adapters } = engineOf(type);
      expect(adapters?.list.read([bytes(vllmModels('sql-lora'))])).toEqual([
        { name: 'sql-lora', path: '/adapters/sql-lora', model, scale: null },
      ]);
      const loading = adapters?.load({ name: 'sql-lora', path: '/adapters/sql' }, []);
      expect([loading?.path, JSON.parse(String(loading?.body))]).toEqual([
        load,
        { lora_name: 'sql-lora', lora_path: '/adapters/sql' },
      ]);
      const unloading = adapters?.unload('sql-lora', []);
      expect([unloading?.path, JSON.parse(String(unloading?.body))]).toEqual([
        unload,
        { lora_name: 'sql-lora' },
      ]);
      expect(codeOf(() => adapters?.load({ name: 'x', path: null }, []))).toBe('invalid_request');
    }
  });

  test('llama.cpp switches those it was started with, and leaves the others as they are', () => {
    const { adapters } = engineOf('llama-cpp');
    const listed = adapters?.list.read([
      bytes([
        { id: 1, path: 'my_adapter_2.gguf', scale: 0.5 },
        { id: 0, path: '/loras/my_adapter_1.gguf', scale: 0.0 },
      ]),
    ]);
    expect(listed).toEqual([
      { name: 'my_adapter_1.gguf', path: '/loras/my_adapter_1.gguf', model: null, scale: 0 },
      { name: 'my_adapter_2.gguf', path: 'my_adapter_2.gguf', model: null, scale: 0.5 },
    ]);
    const on = adapters?.load({ name: 'my_adapter_1.gguf', path: null }, listed ?? []);
    expect(JSON.parse(String(on?.body))).toEqual([
      { id: 0, scale: 1 },
      { id: 1, scale: 0.5 },
    ]);
    const off = adapters?.unload('my_adapter_2.gguf', listed ?? []);
    expect(JSON.parse(String(off?.body))).toEqual([
      { id: 0, scale: 0 },
      { id: 1, scale: 0 },
    ]);
    expect(codeOf(() => adapters?.load({ name: 'other', path: '/x' }, listed ?? []))).toBe('engine_cannot');
  });

  test('the others have none that can be managed', () => {
    expect(['ollama', 'lm-studio', 'tgi'].map((type) => engineOf(type).adapters)).toEqual([null, null, null]);
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as TrimtabError).code;
  }
  return 'nothing thrown';
}
