import type { AttemptRecord, CallRecord } from '../../src/core/call-record.ts';

const ATTEMPT: AttemptRecord = {
  deployment: 'reply-large',
  provider: 'acme',
  model: 'acme-large-2026-09',
  region: 'eu',
  kind: 'primary',
  reason: 'first of the route',
  startMs: 0.412,
  headersMs: 210.5,
  firstTokenMs: 320.25,
  endMs: 1203.75,
  outcome: 'ok',
  status: 200,
  errorCode: null,
  errorMessage: null,
  usage: { inputTokens: 412, outputTokens: 131, cacheReadTokens: 0 },
  costNanoUsd: 365_000,
  priceSource: 'config',
};

/** A whole, plausible record of about 1 KB; the members given replace its own. */
export function recordOf(id: string, more: Partial<CallRecord> = {}): CallRecord {
  return {
    id,
    startedAt: Date.UTC(2026, 10, 23, 12),
    durationMs: 1204.1,
    ttftMs: 320.3,
    revision: 'rev_0123456789abcdef',
    protocol: 'chat',
    streamed: true,
    task: 'support-reply',
    requestedModel: 'support-reply',
    keyId: 'key_06fz3k2m1c0123456789abcdef',
    user: 'user-1729',
    tags: { feature: 'inbox' },
    dataClass: 'internal',
    outcome: 'ok',
    status: 200,
    errorCode: null,
    errorMessage: null,
    deployment: 'reply-large',
    provider: 'acme',
    model: 'acme-large-2026-09',
    sandbox: false,
    finishReason: 'stop',
    usage: { ...ATTEMPT.usage },
    costNanoUsd: 365_000,
    unpriced: false,
    requestBytes: 1901,
    responseBytes: 9733,
    attempts: [{ ...ATTEMPT }],
    skipped: [],
    stages: [
      ['authenticate', 0, 0.01],
      ['plan', 0.01, 0.05],
      ['attempt', 0.4, 1203.8],
    ],
    ...more,
  };
}

export function attemptOf(more: Partial<AttemptRecord>): AttemptRecord {
  return { ...ATTEMPT, ...more };
}
