import { TrimtabError } from '../../../core/error.ts';
import type { Adapter, Adapters } from '../../engine.ts';
import { asCount, asObject, asString, readObject } from '../../json.ts';
import { type EngineSpec, objects, type Root, readList } from './spec.ts';

export const llamaCppEngine: EngineSpec = {
  // It tells of requests only (and only with --metrics), not of its KV cache.
  metrics: {
    waiting: 'llamacpp:requests_deferred',
    running: 'llamacpp:requests_processing',
  },
  // `/v1/models` has the context the model was trained for; the one it is served with stands in `/props` (from memory,
  // not looked up).
  models: (root) => ({
    requests: [root.get('/v1/models'), root.get('/props')],
    read([list, props]) {
      const settings = asObject(props && readObject(props)?.default_generation_settings);
      const contextTokens = asCount(settings?.n_ctx) ?? null;
      return (
        readList(list ?? null, 'n_ctx')?.map((model) => ({ ...model, contextTokens, loaded: true })) ?? null
      );
    },
  }),
  // It has one model, whatever that is called in a request, so `serves` is not said.
  adapters: scaledAdapters,
  source: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
  asOf: '2026-11-25',
};

/** Given with `--lora` at start; on (scale 1) or off (scale 0) from then on. Those a request leaves out are switched off. */
function scaledAdapters(root: Root): Adapters {
  const set = (name: string, scale: number, listed: readonly Adapter[]) => {
    const index = listed.findIndex((adapter) => adapter.name === name);
    if (index < 0) {
      const known = listed.map((adapter) => adapter.name).join(', ') || 'none';
      throw new TrimtabError(
        'engine_cannot',
        `This server has no adapter "${name}" and loads none while it runs: give it with --lora at its start. It has: ${known}.`,
        { field: 'name' },
      );
    }
    const scales = listed.map((adapter, id) => ({ id, scale: id === index ? scale : (adapter.scale ?? 0) }));
    return root.post('/lora-adapters', scales);
  };
  return {
    kind: 'applied',
    list: { requests: [root.get('/lora-adapters')], read: ([body]) => (body ? readAdapters(body) : null) },
    load: ({ name }, listed) => set(name, 1, listed),
    unload: (name, listed) => set(name, 0, listed),
    missing: 'use a version of llama-server that has /lora-adapters',
  };
}

/** `[{"id": 0, "path": "my_adapter_1.gguf", "scale": 0.0}]`, ids from 0 up in this order. */
function readAdapters(body: Buffer): Adapter[] | null {
  const list = readObject(`{"list":${body.toString()}}`)?.list;
  if (!Array.isArray(list)) return null;
  const rows = objects(list).sort((one, other) => (asCount(one.id) ?? 0) - (asCount(other.id) ?? 0));
  return rows.map((row, index) => {
    const path = asString(row.path) ?? null;
    const name = path?.split(/[\\/]/).at(-1) ?? String(index);
    return { name, path, model: null, scale: asCount(row.scale) ?? null };
  });
}
