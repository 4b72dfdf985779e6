import { asCount, asString, readObject } from '../../json.ts';
import type { EngineSpec } from './spec.ts';
import { objects } from './spec.ts';

/** It tells what it has and what is in memory, but not how many requests wait. */
export const ollamaEngine: EngineSpec = {
  models: (root) => ({
    requests: [root.get('/api/tags'), root.get('/api/ps')],
    read([tags, ps]) {
      const installed = tags && readObject(tags)?.models;
      if (!Array.isArray(installed)) return null;
      const running = ps && readObject(ps)?.models;
      const contexts = new Map(
        objects(running).map((entry) => [asString(entry.name), asCount(entry.context_length) ?? null]),
      );
      return objects(installed).flatMap((entry) => {
        const id = asString(entry.name);
        if (id === undefined) return [];
        const loaded = Array.isArray(running) ? contexts.has(id) : null;
        return [{ id, contextTokens: contexts.get(id) ?? null, loaded, parent: null }];
      });
    },
  }),
  // A name without a tag means `latest`.
  serves: (model, served) => served.some(({ id }) => id === model || id === `${model}:latest`),
  source: 'https://docs.ollama.com/api/ps',
  asOf: '2026-11-25',
};
