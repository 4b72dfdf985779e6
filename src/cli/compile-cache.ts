import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Lets Node keep compiled code between starts, for this process and its threads: a third of the time to ready, and
 * 30 MB less resident from the source tree, where it spares each thread the type stripper. In a folder of the user's
 * own: the default, under the shared temporary folder, is one that others can write to first.
 */
export function keepCompiledCode(): void {
  const folder =
    process.env.NODE_COMPILE_CACHE ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trimtab', 'code');
  enableCompileCache(folder);
  // Threads read the variable, not this call.
  process.env.NODE_COMPILE_CACHE = folder;
}
