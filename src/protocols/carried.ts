/**
 * What of a vendor's features an app can reach, by the protocol it speaks: the data behind docs/capabilities.md.
 * `test/clients/capabilities.test.ts` asks for every cell over real HTTP.
 */
import type { Protocol } from '../core/protocol.ts';
import { type Feature, type Features, toFeatures } from '../providers/features.ts';
import type { Provider } from '../providers/provider.ts';

export type TextProtocol = Exclude<Protocol, 'embeddings'>;

/**
 * `native`: the bytes go through. `translated`: the provider maps chat to its own protocol. `over-chat`: mapped to chat
 * here, which the provider is then given.
 */
export type Way = 'native' | 'translated' | 'over-chat';

/** What a protocol has words for. */
export const WORDS: Readonly<Record<TextProtocol, Features>> = {
  chat: toFeatures(
    'streaming tools parallelTools jsonMode jsonSchema images files audio reasoning logprobs manyChoices stop seed promptCache serviceTier',
  ),
  messages: toFeatures(
    'streaming tools parallelTools jsonSchema images files reasoning stop promptCache serviceTier',
  ),
  responses: toFeatures(
    'streaming tools parallelTools jsonMode jsonSchema images files audio reasoning logprobs promptCache serviceTier',
  ),
};

/** `null`: the provider cannot be reached by this protocol. */
export function wayOf({ protocols, translated }: Provider, protocol: Protocol): Way | null {
  if (protocols.includes(protocol)) return translated.includes(protocol) ? 'translated' : 'native';
  return protocol !== 'embeddings' && protocols.includes('chat') ? 'over-chat' : null;
}

/**
 * Whether a word is taken and not passed on; every other that is not carried is refused by name. Only of the prompt
 * cache, which changes what a call costs and not what it answers: marks of messages on the way to chat, marks of chat
 * on the way to a vendor without any, and the key of Responses on the way to a vendor that is translated.
 */
export function isLeftOut(provider: Provider, protocol: TextProtocol, feature: Feature): boolean {
  if (feature !== 'promptCache') return false;
  const way = wayOf(provider, protocol);
  if (way === 'translated') return provider.features.promptCache === false;
  return way === 'over-chat' && (protocol === 'messages' || provider.translated.includes('chat'));
}

/** `undefined`: not known, the vendor's reference does not say. */
export function carries(provider: Provider, protocol: TextProtocol, feature: Feature): boolean | undefined {
  const way = wayOf(provider, protocol);
  if (way === null || WORDS[protocol][feature] === undefined) return false;
  if (way === 'native') return (provider.nativeFeatures?.[protocol] ?? provider.features)[feature];
  return isLeftOut(provider, protocol, feature) ? false : provider.features[feature];
}
