import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * Lets Node keep compiled code between starts, for this process and its threads: a third of the time to ready, and
 * 30 MB less resident from the source tree, where it spares each thread the type stripper. In a folder of the user's
 * own: the default, under the shared temporary folder, is one that others can write to first.
 */
export function keepCompiledCode(): void {
  const { NODE_COMPILE_CACHE, XDG_CACHE_HOME, HOME = process.env.USERPROFILE } = process.env;
  const cache = XDG_CACHE_HOME || (HOME ? join(HOME, '.cache') : undefined);
  const folder = NODE_COMPILE_CACHE || (cache ? join(cache, 'trimtab', 'code') : undefined);
  if (folder === undefined) return;
  enableCompileCache(folder);
  // Threads read the variable, not this call.
  process.env.NODE_COMPILE_CACHE = folder;
}
