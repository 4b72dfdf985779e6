/** What `import ... from 'trimtab'` gives: typing a config, and running a stack inside a program. */
import type { CreateStackOptions, InProcessStack } from './main.ts';
import type { StackInput } from './stack/schema.ts';

export { type ErrorCode, TrimtabError } from './core/error.ts';
export type { Capture, DataClass, LatencyClass } from './core/protocol.ts';
export type { CreateStackOptions, InProcessStack } from './main.ts';
export { defineStack, env, file } from './stack/define.ts';
export type { StackInput } from './stack/schema.ts';
export type { SecretRef } from './stack/stack.ts';

/**
 * Runs a stack in this process: the same gateway, spool, store and prices as a server, without the hop over a socket.
 * Throws TrimtabError: config_invalid, data_folder_in_use, store_unavailable. Loaded on first use, so that a config
 * file that imports this module stays quick to read.
 *
 * @example
 * const stack = await createStack(defineStack({ tasks: { triage: { route: 'sandbox/small' } } }));
 * const client = new OpenAI({ apiKey: 'unused', baseURL: 'http://trimtab.invalid/v1', fetch: stack.fetch });
 */
export async function createStack(
  config: StackInput,
  options: CreateStackOptions = {},
): Promise<InProcessStack> {
  const main = await import('./main.ts');
  return main.createStack(config, options);
}
