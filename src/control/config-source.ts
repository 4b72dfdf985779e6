import { resolve } from 'node:path';
import { discover } from '../stack/discover.ts';
import { findConfig, loadConfig } from '../stack/load.ts';
import type { ProviderCatalog } from '../stack/stack.ts';
import type { ConfigSource, Proposal } from './revisions.ts';

export interface ConfigSourceOptions {
  /** A config given in process; wins over every file. */
  config: unknown | null;
  /** A file named by the person; `null`: look for one in `cwd`. */
  configPath: string | null;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  catalog: ProviderCatalog;
  /** Look on local ports when there is no config. */
  probeLocal: boolean;
  /** Told what discovery found, in words. */
  onFound: (found: string[]) => void;
}

/** Decides once where the stack comes from: code, else a file, else what is on this machine. */
export function createConfigSource(options: ConfigSourceOptions): ConfigSource {
  const { config, cwd, env, catalog, probeLocal } = options;
  if (config !== null) {
    const proposal: Proposal = { input: config, source: 'file', origin: 'createStack' };
    return { file: null, writable: false, read: async () => proposal };
  }
  const file = options.configPath === null ? findConfig(cwd, env) : resolve(cwd, options.configPath);
  if (file !== null) {
    return {
      file,
      writable: false,
      read: async () => ({ input: await loadConfig(file), source: 'file', origin: file }),
    };
  }
  return {
    file: null,
    writable: true,
    async read() {
      const { input, found } = await discover({ env, catalog, fetch, probeLocal });
      options.onFound(found);
      return { input, source: 'discovered', origin: 'discovery' };
    },
  };
}
