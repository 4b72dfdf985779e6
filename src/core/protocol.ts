/** Wire protocols that apps speak to us and that providers speak to vendors. */
export type Protocol = 'chat' | 'embeddings' | 'messages' | 'responses';
export const PROTOCOLS: readonly Protocol[] = ['chat', 'embeddings', 'messages', 'responses'];

/** What a call was made in: a protocol, or `passthrough` for the rest of a vendor's own API. */
export type CallProtocol = Protocol | 'passthrough';
export const CALL_PROTOCOLS: readonly CallProtocol[] = [...PROTOCOLS, 'passthrough'];

/** How sensitive a task's data is, least to most. Order matters: {@link DATA_CLASSES}. */
export type DataClass = 'public' | 'internal' | 'confidential' | 'restricted';
export const DATA_CLASSES: readonly DataClass[] = ['public', 'internal', 'confidential', 'restricted'];

/** How soon the caller needs the answer. */
export type LatencyClass = 'interactive' | 'standard' | 'batch';
export const LATENCY_CLASSES: readonly LatencyClass[] = ['interactive', 'standard', 'batch'];

/** What is kept of a call's content: nothing but figures, also tags and user (default), or the payload too. */
export type Capture = 'none' | 'metadata' | 'full';
export const CAPTURES: readonly Capture[] = ['none', 'metadata', 'full'];
