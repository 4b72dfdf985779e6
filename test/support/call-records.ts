import type { CallRecord, Outcome } from '../../src/core/call-record.ts';
import { createIdMaker } from '../../src/core/id.ts';
import type { Usage } from '../../src/core/usage.ts';

/** A record as the gateway writes it for a plain, successful call; `change` overrides. Its id is made at `at`. */
export function makeCall(at: number, change: Partial<CallRecord> = {}): CallRecord {
  const usage: Usage = change.usage ?? { inputTokens: 512, outputTokens: 131, cacheReadTokens: 256 };
  const deployment = change.deployment === undefined ? 'fast' : change.deployment;
  const outcome: Outcome = change.outcome ?? 'ok';
  const costNanoUsd = change.costNanoUsd === undefined ? 512_250 : change.costNanoUsd;
  const base: CallRecord = {
    id: change.id ?? createIdMaker(() => at)('call'),
    startedAt: at,
    durationMs: 812.4,
    ttftMs: 214.7,
    revision: 'rev_0123456789abcdef',
    protocol: 'chat',
    streamed: true,
    task: 'support-reply',
    requestedModel: 'support-reply',
    keyId: 'key_01kar2m5c8q4hhw1yxe0j7f3ag',
    user: 'user-17',
    tags: { feature: 'reply' },
    dataClass: 'internal',
    outcome,
    status: outcome === 'ok' ? 200 : 502,
    errorCode: outcome === 'ok' ? null : 'upstream_error',
    errorMessage: null,
    deployment,
    provider: 'openai',
    model: 'gpt-5-mini',
    sandbox: false,
    finishReason: 'stop',
    usage,
    costNanoUsd,
    unpriced: costNanoUsd === null,
    requestBytes: 2048,
    responseBytes: 5120,
    attempts: [
      {
        deployment: deployment ?? 'fast',
        provider: 'openai',
        model: 'gpt-5-mini',
        region: null,
        kind: 'primary',
        reason: 'first of the route',
        startMs: 0.21,
        headersMs: 180.4,
        firstTokenMs: 209.8,
        endMs: 799.2,
        outcome: outcome === 'refused' ? 'error' : outcome,
        status: 200,
        errorCode: null,
        errorMessage: null,
        usage,
        costNanoUsd,
        priceSource: 'genai-prices openai/gpt-5-mini 2026-10-01',
      },
    ],
    skipped: [],
    stages: [
      ['authenticate', 0.01, 0.03],
      ['plan', 0.05, 0.11],
      ['attempt', 0.21, 799.2],
      ['settle', 799.3, 799.4],
    ],
  };
  return { ...base, ...change };
}
