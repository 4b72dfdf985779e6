/** Packages of the AI SDK, loaded when first used: a server that connects to none of them loads none. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EmbeddingModelV3, LanguageModelV3 } from '@ai-sdk/provider';
import { TrimtabError } from '../../core/error.ts';

/** What a package's factory makes. */
export interface SdkProvider {
  specificationVersion?: unknown;
  languageModel(model: string): LanguageModelV3;
  embeddingModel?(model: string): EmbeddingModelV3;
}

export type CreateSdkProvider = (settings: Record<string, unknown>) => SdkProvider;

/** A package, and the name of its factory; `null`: the one that creates a provider. */
export interface PackageName {
  package: string;
  create: string | null;
}

/** The interface between the AI SDK and its packages that is spoken here. */
const SPECIFICATION = 'v3';

/**
 * What to import: a package of ours by its name, else the one installed where the server was started. Throws
 * TrimtabError(config_invalid) that says how to install it.
 */
export function locatePackage(name: string, project = process.cwd()): string {
  if (resolves(createRequire(import.meta.url), name) !== null) return name;
  const found = resolves(createRequire(pathToFileURL(join(project, 'package.json'))), name);
  if (found !== null) return pathToFileURL(found).href;
  throw new TrimtabError(
    'config_invalid',
    `The package ${name} is not installed. In the folder of your project: npm install ${name}`,
    { field: 'options.package' },
  );
}

function resolves(require: NodeJS.Require, name: string): string | null {
  try {
    return require.resolve(name);
  } catch {
    return null;
  }
}

/** The factory of a package, given where it is. Throws TrimtabError(config_invalid) when it is not there, or not the only one. */
export async function loadFactory(
  location: string,
  { package: name, create }: PackageName,
): Promise<CreateSdkProvider> {
  const exported = (await import(location)) as Record<string, unknown>;
  const factories = Object.keys(exported).filter(
    (key) => /^create[A-Z]/.test(key) && typeof exported[key] === 'function',
  );
  const wanted = create ?? (factories.length === 1 ? factories[0] : undefined);
  if (wanted === undefined || !factories.includes(wanted)) {
    const known = factories.length === 0 ? 'nothing that creates a provider' : factories.join(', ');
    throw invalid('options.create', `${name} has ${known}; \`options.create\` names the one to use`);
  }
  return exported[wanted] as CreateSdkProvider;
}

/** Throws TrimtabError(config_invalid) for a package of another generation. */
export function checkSpecification(provider: SdkProvider, name: string): void {
  if (provider.specificationVersion === SPECIFICATION) return;
  const found = String(provider.specificationVersion ?? 'none').slice(0, 20);
  throw invalid(
    'options.package',
    `The installed ${name} speaks version ${found} of the provider interface, and Trimtab ${SPECIFICATION}: install another version of it`,
  );
}

function invalid(field: string, message: string): TrimtabError {
  return new TrimtabError('config_invalid', message, { field });
}
