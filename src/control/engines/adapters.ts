/** LoRA adapters of an engine: listed, loaded, unloaded, where the engine can. */
import { TrimtabError } from '../../core/error.ts';
import { redact } from '../../governance/redact.ts';
import type { Adapters } from '../../providers/engine.ts';
import type { UpstreamRequest } from '../../providers/provider.ts';
import type { AdaptersAnswer } from '../api-types.ts';
import type { Bound, EngineWatch } from './watch.ts';

/** Weights are read from a disk or a hub. Shorter than the control API's own clients wait. */
const LOAD_WITHIN_MS = 55_000;
const SHOWN_CHARS = 500;

/** Throws TrimtabError(not_found | engine_cannot | upstream_error ...). */
export async function listAdapters(engines: EngineWatch, provider: string): Promise<AdaptersAnswer> {
  return read(engines, engines.find(provider));
}

export async function loadAdapter(
  engines: EngineWatch,
  provider: string,
  wanted: { name: string; path: string | null },
): Promise<AdaptersAnswer> {
  return change(engines, provider, (adapters, listed) => adapters.load(wanted, listed));
}

export async function unloadAdapter(
  engines: EngineWatch,
  provider: string,
  name: string,
): Promise<AdaptersAnswer> {
  return change(engines, provider, (adapters, listed) => adapters.unload(name, listed));
}

type ToRequest = (adapters: Adapters, listed: AdaptersAnswer['adapters']) => UpstreamRequest;

/** Sends the change and answers what stands then; later calls and pages know it too. */
async function change(engines: EngineWatch, provider: string, toRequest: ToRequest): Promise<AdaptersAnswer> {
  const bound = engines.find(provider);
  const adapters = adaptersOf(bound);
  const { adapters: listed } = await read(engines, bound);
  const { status, body } = await engines.send(bound, toRequest(adapters, listed), LOAD_WITHIN_MS);
  if (status === 404 && !isAbout(body)) {
    throw new TrimtabError('engine_cannot', `"${provider}" has no such endpoint: ${adapters.missing}.`);
  }
  if (status >= 300) {
    const words = redact(body.toString()).slice(0, SHOWN_CHARS);
    throw new TrimtabError('upstream_error', `"${provider}" answered ${status}: ${words}`);
  }
  await engines.refresh(bound);
  return read(engines, bound);
}

async function read(engines: EngineWatch, bound: Bound): Promise<AdaptersAnswer> {
  const { kind, list } = adaptersOf(bound);
  return { provider: bound.provider, kind, adapters: await engines.put(bound, list) };
}

function adaptersOf({ provider, config, engine }: Bound): Adapters {
  if (engine.adapters) return engine.adapters;
  throw new TrimtabError(
    'engine_cannot',
    `"${provider}" is of the type ${config.type}, whose LoRA adapters cannot be managed from outside.`,
    { field: 'provider' },
  );
}

/** A 404 that speaks of an adapter is about the adapter; that of a missing route speaks of nothing. */
function isAbout(body: Buffer): boolean {
  return /adapter|lora/i.test(body.toString());
}
