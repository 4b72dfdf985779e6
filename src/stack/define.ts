import type { StackInput } from './schema.ts';
import type { SecretRef } from './stack.ts';

/**
 * Types a config for the editor; returns it as it is. Checking happens when the config is loaded.
 *
 * @example
 * export default defineStack({
 *   providers: { gpu: { type: 'vllm', baseUrl: 'http://10.0.0.5:8000/v1', dataPolicy: { party: 'own' } } },
 *   deployments: { qwen: { provider: 'gpu', model: 'Qwen/Qwen3-32B' } },
 *   tasks: { triage: { dataClass: 'confidential', route: 'qwen' } },
 * });
 */
export function defineStack(stack: StackInput): StackInput {
  return stack;
}

/** A secret in an environment variable. */
export function env(name: string): SecretRef {
  return { env: name };
}

/** A secret in a file, such as a mounted one; the last line break is left out. */
export function file(path: string): SecretRef {
  return { file: path };
}
