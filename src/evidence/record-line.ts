/**
 * A call record as a line of the spool: one JSON array, its members by position, the format's version first. It is
 * about half as long as the object with its names, and writing and reading it cost a third less CPU (bench/spool.ts).
 * Lines of earlier versions, which are objects, are read too: a spool may hold some after an upgrade.
 *
 * A change of the members needs a new version number, and a reader of the old one.
 */
import type { AttemptRecord, CallRecord, SkippedDeployment } from '../core/call-record.ts';
import type { Usage } from '../core/usage.ts';

const VERSION = 1;

/** Without a newline, and never with one inside. Throws what JSON.stringify throws. */
export function toLine(record: CallRecord): string {
  return JSON.stringify(packRecord(record));
}

/** The record on a line, or `undefined` when the line is not one of ours. Never throws. */
export function parseLine(line: string): CallRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const record = Array.isArray(value)
      ? unpack(value as unknown as ReturnType<typeof packRecord>)
      : (value as CallRecord | null);
    const isRecord = typeof record?.id === 'string' && typeof record.startedAt === 'number';
    return isRecord ? record : undefined;
  } catch {
    return undefined;
  }
}

type Packed = ReturnType<typeof pack>;

function pack(r: CallRecord) {
  return [
    VERSION,
    r.id,
    r.startedAt,
    r.durationMs,
    r.ttftMs,
    r.revision,
    r.protocol,
    r.streamed,
    r.task,
    r.requestedModel,
    r.keyId,
    r.user,
    r.tags,
    r.dataClass,
    r.outcome,
    r.status,
    r.errorCode,
    r.errorMessage,
    r.deployment,
    r.provider,
    r.model,
    r.sandbox,
    r.finishReason,
    packUsage(r.usage),
    r.costNanoUsd,
    r.unpriced,
    r.requestBytes,
    r.responseBytes,
    r.attempts.map(packAttempt),
    r.skipped.map(packSkipped),
    r.stages,
    r.payload ? ([r.payload.request, r.payload.response] as const) : null,
  ] as const;
}

const LENGTH = 32;

/** `operation` stands at the end and only where there is one. */
function packRecord(r: CallRecord): readonly [...Packed, operation?: string] {
  return r.operation === undefined ? pack(r) : [...pack(r), r.operation];
}

function unpack(p: ReturnType<typeof packRecord>): CallRecord | undefined {
  const hasOperation = p.length === LENGTH + 1 && typeof p[32] === 'string';
  if (p[0] !== VERSION || !(p.length === LENGTH || hasOperation)) return undefined;
  const record: CallRecord = {
    id: p[1],
    startedAt: p[2],
    durationMs: p[3],
    ttftMs: p[4],
    revision: p[5],
    protocol: p[6],
    streamed: p[7],
    task: p[8],
    requestedModel: p[9],
    keyId: p[10],
    user: p[11],
    tags: p[12],
    dataClass: p[13],
    outcome: p[14],
    status: p[15],
    errorCode: p[16],
    errorMessage: p[17],
    deployment: p[18],
    provider: p[19],
    model: p[20],
    sandbox: p[21],
    finishReason: p[22],
    usage: unpackUsage(p[23]),
    costNanoUsd: p[24],
    unpriced: p[25],
    requestBytes: p[26],
    responseBytes: p[27],
    attempts: p[28].map(unpackAttempt),
    skipped: p[29].map(unpackSkipped),
    stages: p[30],
  };
  if (p[32] !== undefined) record.operation = p[32];
  if (p[31] !== null) record.payload = { request: p[31][0], response: p[31][1] };
  return record;
}

/** `dropped` stands at the end and only where there is some; a line without it is one of before. */
type PackedAttempt = readonly [...ReturnType<typeof packKnown>, dropped?: string[]];

function packAttempt(a: AttemptRecord): PackedAttempt {
  return a.dropped ? [...packKnown(a), a.dropped] : packKnown(a);
}

function packKnown(a: AttemptRecord) {
  return [
    a.deployment,
    a.provider,
    a.model,
    a.region,
    a.kind,
    a.reason,
    a.startMs,
    a.headersMs,
    a.firstTokenMs,
    a.endMs,
    a.outcome,
    a.status,
    a.errorCode,
    a.errorMessage,
    packUsage(a.usage),
    a.costNanoUsd,
    a.priceSource,
  ] as const;
}

function unpackAttempt(p: PackedAttempt): AttemptRecord {
  return {
    deployment: p[0],
    provider: p[1],
    model: p[2],
    region: p[3],
    kind: p[4],
    reason: p[5],
    startMs: p[6],
    headersMs: p[7],
    firstTokenMs: p[8],
    endMs: p[9],
    outcome: p[10],
    status: p[11],
    errorCode: p[12],
    errorMessage: p[13],
    usage: unpackUsage(p[14]),
    costNanoUsd: p[15],
    priceSource: p[16],
    ...(p[17] && { dropped: p[17] }),
  };
}

const packSkipped = (s: SkippedDeployment) => [s.deployment, s.reason] as const;
const unpackSkipped = (p: ReturnType<typeof packSkipped>): SkippedDeployment => ({
  deployment: p[0],
  reason: p[1],
});

/** `null` stands for a field that is not known. */
function packUsage(u: Usage) {
  return [
    u.inputTokens ?? null,
    u.outputTokens ?? null,
    u.cacheReadTokens ?? null,
    u.cacheWriteTokens ?? null,
    u.reasoningTokens ?? null,
    u.estimated ?? null,
  ] as const;
}

function unpackUsage(p: ReturnType<typeof packUsage>): Usage {
  const usage: Usage = {};
  if (p[0] !== null) usage.inputTokens = p[0];
  if (p[1] !== null) usage.outputTokens = p[1];
  if (p[2] !== null) usage.cacheReadTokens = p[2];
  if (p[3] !== null) usage.cacheWriteTokens = p[3];
  if (p[4] !== null) usage.reasoningTokens = p[4];
  if (p[5] !== null) usage.estimated = p[5];
  return usage;
}
