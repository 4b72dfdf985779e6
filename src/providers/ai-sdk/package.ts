/** Packages of the AI SDK, loaded when first used: a server that connects to none of them loads none. */
import type { LanguageModelV3 } from '@ai-sdk/provider';

/** What a package's factory makes. */
export type CreateSdkProvider = (settings: Record<string, unknown>) => {
  languageModel(model: string): LanguageModelV3;
};

/** The factory of a package. */
export async function loadFactory(name: string, create: string): Promise<CreateSdkProvider> {
  const found = (await import(name)) as Record<string, unknown>;
  return found[create] as CreateSdkProvider;
}
