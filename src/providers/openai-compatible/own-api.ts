/** The rest of this API: bytes under another address and credential. */
import { OPERATION_GROUPS, type OwnApi } from '../../core/operation.ts';
import type { Usage } from '../../core/usage.ts';
import type { Address } from '../address.ts';
import { asCount, asObject, type JsonObject } from '../json.ts';
import type { PriceBook } from '../price-book.ts';
import type { OwnExchange, OwnRequest, PricedCost } from '../provider.ts';
import type { Preset } from './preset.ts';
import { readUsage } from './usage.ts';

/** Throws on a name that is none: presets are ours. */
export function toOwnApi(names: string): OwnApi {
  const groups = names
    .split(' ')
    .filter((name) => name !== '')
    .map((name) => {
      const group = OPERATION_GROUPS.find((known) => known === name);
      if (!group) throw new Error(`there is no part "${name}" of a vendor's own API`);
      return group;
    });
  return { wire: 'chat', groups };
}

interface OwnPlacing {
  address: Address;
  book: PriceBook;
  options: Readonly<Record<string, unknown>>;
  request: OwnRequest;
}

/** `headers`: credential, configured and forwarded ones, flat. */
export function openOwn(preset: Preset, headers: string[], placing: OwnPlacing): OwnExchange {
  const { address, book, options, request } = placing;
  const { model } = request;
  const path = preset.ownPath?.(request, options) ?? withQuery(request.path, request.query);
  return {
    request: {
      origin: address.origin,
      path: address.path + path,
      method: request.method,
      headers: [...request.transport, ...headers],
      body: request.body,
    },
    readUsage: readOwnUsage,
    ...(model !== null &&
      /^\/audio\/(transcriptions|translations)$/.test(request.path) && {
        price: (usage: JsonObject, at: number) => priceTranscript(book, model, { usage, at }),
      }),
  };
}

export function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}

/** Completions report as chat does; newer operations have `input_tokens` and `output_tokens`. */
function readOwnUsage(found: JsonObject): Usage {
  const usage = readUsage({ usage: found });
  if (usage) return usage;
  const input = asCount(found.input_tokens);
  const output = asCount(found.output_tokens);
  const cached = asCount(asObject(found.input_tokens_details)?.cached_tokens);
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
    ...(cached !== undefined && { cacheReadTokens: cached }),
  };
}

/** `null` where the vendor does not tell its audio from its text, or tells only the length. */
function priceTranscript(
  book: PriceBook,
  model: string,
  { usage, at }: { usage: JsonObject; at: number },
): PricedCost | null {
  const details = asObject(usage.input_token_details);
  const text = asCount(details?.text_tokens);
  const audio = asCount(details?.audio_tokens);
  const output = asCount(usage.output_tokens);
  if (text === undefined || audio === undefined || output === undefined) return null;
  if (text + audio !== asCount(usage.input_tokens)) return null;
  return book.priceTranscript?.(model, { text, audio, output }, at) ?? null;
}
