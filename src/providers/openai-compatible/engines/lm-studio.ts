import { asCount, asString, readObject } from '../../json.ts';
import { byListedName, type EngineSpec, objects, readList } from './spec.ts';

/** Its own API says which models are in memory, but not how many requests wait. */
export const lmStudioEngine: EngineSpec = {
  models: (root) => ({
    requests: [root.get('/api/v0/models'), root.get('/v1/models')],
    read([own, shared]) {
      const data = own && readObject(own)?.data;
      if (!Array.isArray(data)) return readList(shared ?? null, 'max_context_length');
      return objects(data).flatMap((entry) => {
        const id = asString(entry.id);
        if (id === undefined) return [];
        const state = asString(entry.state);
        // The length it is loaded with is from memory, not looked up; the other is what the model can do at most.
        const contextTokens =
          asCount(entry.loaded_context_length) ?? asCount(entry.max_context_length) ?? null;
        return [{ id, contextTokens, loaded: state === undefined ? null : state === 'loaded', parent: null }];
      });
    },
  }),
  serves: byListedName,
  source: 'https://github.com/lmstudio-ai/docs/blob/main/1_developer/2_rest/endpoints.mdx',
  asOf: '2026-11-25',
};
