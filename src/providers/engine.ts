/**
 * What an engine that people run themselves tells about itself beside its answers. As a provider it does no I/O: it
 * builds requests and reads bytes. None of these requests costs a token.
 */
import type { UpstreamRequest } from './upstream-request.ts';

export interface Engine {
  /** How busy it is; `null`: it does not tell. */
  readonly load: Question<EngineLoad> | null;
  /** What it serves now. */
  readonly models: Question<ServedModel[]>;
  /** Whether it would take this model name; `null`: it answers to any name, or that is not known. */
  readonly serves: ((model: string, served: readonly ServedModel[]) => boolean) | null;
  /** `null`: it has no LoRA adapters, or none that can be told apart from outside. */
  readonly adapters: Adapters | null;
}

/** Requests, and the reader of their 200 answers in the same order. */
export interface Question<T> {
  readonly requests: readonly UpstreamRequest[];
  /** `null` stands for a request that failed. Returns `null` when the answers do not tell. Never throws. */
  read(answers: readonly (Buffer | null)[]): T | null;
}

/** From all clients of the engine, over all its models: they share its memory. `null`: not known. */
export interface EngineLoad {
  /** Requests that wait to be run. */
  waiting: number | null;
  running: number | null;
  /** Share of the KV cache in use, 0 to 1; with several schedulers that of the fullest, where requests are put off first. */
  kvCacheUse: number | null;
}

export interface ServedModel {
  id: string;
  /** Tokens of prompt and answer as it is served now; `null`: it does not say. */
  contextTokens: number | null;
  /** Whether it is in memory; `null`: it does not say. */
  loaded: boolean | null;
  /** Of a LoRA adapter the model it stands on. */
  parent: string | null;
}

/** LoRA adapters of an engine. */
export interface Adapters {
  readonly list: Question<Adapter[]>;
  /** `callable`: a loaded one is called by its name. `applied`: it changes every answer of the model while it is on. */
  readonly kind: 'callable' | 'applied';
  /** Throws TrimtabError(invalid_request | engine_cannot): a path that is missing, a name that is not listed. */
  load(wanted: { name: string; path: string | null }, listed: readonly Adapter[]): UpstreamRequest;
  /** Throws TrimtabError(engine_cannot) for a name that is not listed, where the engine needs its number. */
  unload(name: string, listed: readonly Adapter[]): UpstreamRequest;
  /** What a 404 of `load` and `unload` means, in words. */
  readonly missing: string;
}

export interface Adapter {
  name: string;
  /** Where the engine has its weights from; `null`: it does not say. */
  path: string | null;
  /** The model name that asks for it; `null`: it is applied, not called. */
  model: string | null;
  /** How strongly it is applied; `null`: does not apply. */
  scale: number | null;
}
