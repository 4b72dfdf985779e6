/** The registry: an explicit list. A vendor of the OpenAI-compatible API is an entry of its presets. */
import type { ProviderCatalog } from '../stack/stack.ts';
import { anyPackage } from './ai-sdk/any-package.ts';
import { createAiSdk } from './ai-sdk/index.ts';
import { vendors } from './ai-sdk/vendors.ts';
import { anthropic } from './anthropic/index.ts';
import { createOpenAiCompatible } from './openai-compatible/index.ts';
import { presets } from './openai-compatible/presets.ts';
import type { Provider } from './provider.ts';
import { sandbox } from './sandbox/index.ts';

export const providers: readonly Provider[] = [
  ...presets.map(createOpenAiCompatible),
  anthropic,
  ...vendors.map(createAiSdk),
  anyPackage,
  sandbox,
];

const byType: ReadonlyMap<string, Provider> = new Map(providers.map((provider) => [provider.type, provider]));

/** `undefined`: no such type. */
export function findProvider(type: string): Provider | undefined {
  return byType.get(type);
}

/** What `stack/` may know of the registry. */
export const catalog: ProviderCatalog = { types: () => providers };
