/** LoRA adapters that are loaded by name and path, and called by name. */
import { TrimtabError } from '../../../core/error.ts';
import type { Adapter, Adapters } from '../../engine.ts';
import { asString, readObject } from '../../json.ts';
import { objects, type Root } from './spec.ts';

export interface NamedAdapterPaths {
  load: string;
  unload: string;
  /** The model name that asks for the adapter. */
  modelOf(name: string, parent: string): string;
  missing: string;
}

/** Adapters stand in the model list with the `parent` they are made for; their `root` is where the weights are. */
export function namedAdapters(root: Root, paths: NamedAdapterPaths): Adapters {
  return {
    kind: 'callable',
    list: {
      requests: [root.get('/v1/models')],
      read([body]) {
        const data = body && readObject(body)?.data;
        if (!Array.isArray(data)) return null;
        return objects(data).flatMap((entry): Adapter[] => {
          const name = asString(entry.id);
          const parent = asString(entry.parent);
          if (name === undefined || parent === undefined) return [];
          const path = asString(entry.root) ?? null;
          return [{ name, path, model: paths.modelOf(name, parent), scale: null }];
        });
      },
    },
    load({ name, path }) {
      if (path === null) {
        throw new TrimtabError(
          'invalid_request',
          'path: this engine loads an adapter from a path it can read',
          {
            field: 'path',
          },
        );
      }
      return root.post(paths.load, { lora_name: name, lora_path: path });
    },
    unload: (name) => root.post(paths.unload, { lora_name: name }),
    missing: paths.missing,
  };
}
