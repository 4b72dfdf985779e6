import { type CallRecord, UNTASKED } from '../../core/call-record.ts';
import type { TrimtabError } from '../../core/error.ts';
import type { Call } from '../call.ts';

const MAX_MODEL_CHARS = 200;
/** Of each of request and answer, in a record that keeps them. */
export const MAX_KEPT_BYTES = 256 * 1024;

/** How a call ended. */
export interface Ending {
  outcome: CallRecord['outcome'];
  /** HTTP status the client gets. */
  status: number;
  error: TrimtabError | null;
  finishReason?: string | null;
}

/**
 * Puts the call on the spool. Every path does this before the client gets the last byte of its answer. A request
 * without a known key leaves no record, and neither does one refused because records cannot be written.
 */
export function recordCall(call: Call, ending: Ending): void {
  call.mark('settle');
  if (call.key === null || ending.error?.code === 'spool_unavailable') return;
  const { answering } = call;
  const record: CallRecord = {
    id: call.id,
    startedAt: call.startedAt,
    durationMs: call.elapsed(),
    ttftMs: call.ttftMs,
    revision: call.serving.snapshot.revision,
    protocol: call.protocol,
    ...(call.operation && { operation: call.operation.name }),
    streamed: call.streamed,
    task: call.target?.task ?? UNTASKED,
    requestedModel: call.requestedModel?.slice(0, MAX_MODEL_CHARS) ?? null,
    keyId: call.key.id,
    user: call.user,
    tags: tagsOf(call),
    dataClass: call.target?.dataClass ?? call.serving.snapshot.stack.gateway.untasked.dataClass,
    outcome: ending.outcome,
    status: ending.status,
    errorCode: ending.error?.code ?? null,
    errorMessage: ending.error && call.serving.redact(ending.error.message),
    deployment: answering?.deployment ?? null,
    provider: answering?.provider ?? null,
    model: answering?.model ?? null,
    sandbox: call.sandbox,
    finishReason: ending.finishReason ?? null,
    usage: answering?.usage ?? {},
    costNanoUsd: sumCost(call),
    unpriced: call.unpriced,
    requestBytes: call.request.body.length + call.uploadedBytes,
    responseBytes: call.responseBytes,
    attempts: call.attempts,
    skipped: call.skipped,
    stages: call.stages,
  };
  if (call.kept && call.parsed) {
    record.payload = { request: keptText([call.parsed.bytes]), response: keptText(call.kept) };
  }
  call.state.options.recorder.take(record);
  const { acting } = call.request;
  if (acting && 'loadTestId' in acting) acting.recorded(record);
}

/** Of a call that the house made, also what for. */
function tagsOf({ tags, request: { acting } }: Call): Record<string, string> {
  if (!acting) return tags;
  return 'loadTestId' in acting
    ? { ...tags, 'load-test': acting.loadTestId }
    : { ...tags, batch: acting.batchId };
}

function sumCost(call: Call): number | null {
  if (call.unpriced) return null;
  let sum = 0;
  for (const { costNanoUsd } of call.attempts) sum += costNanoUsd ?? 0;
  return sum;
}

function keptText(parts: readonly Buffer[]): string {
  const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  if (bytes.length <= MAX_KEPT_BYTES) return bytes.toString();
  return `${bytes.toString('utf8', 0, MAX_KEPT_BYTES)}... (${bytes.length} bytes)`;
}
