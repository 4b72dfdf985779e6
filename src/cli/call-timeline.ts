import type { CallAnswer } from '../control/api-types.ts';
import type { AttemptRecord } from '../core/call-record.ts';
import { formatUsd } from '../core/money.ts';
import { type CliIo, paint } from './io.ts';
import { printable } from './table.ts';
import { formatCount, formatDuration, formatMoment } from './when.ts';

const BAR_CELLS = 40;

/** One call for people: the facts, the stages, and each attempt as a bar over the time of the call. */
export function renderCall(call: CallAnswer, { io, payload }: { io: CliIo; payload: boolean }): string {
  const dim = (text: string): string => paint(io, 'dim', text);
  const lines = [
    `${paint(io, 'bold', call.id)}  ${call.sandbox ? paint(io, 'yellow', 'SANDBOX  ') : ''}${outcomeOf(call, io)}`,
    '',
    ...facts(call, io).map(([name, value]) => `  ${dim(name.padEnd(12))} ${printable(value)}`),
    '',
    `  ${dim(`Attempts   wait ░  first token ▒  answer █   whole: ${formatDuration(call.durationMs)}`)}`,
    ...(call.attempts.length === 0 ? ['  none: the call was answered here'] : []),
    ...call.attempts.flatMap((attempt, index) => renderAttempt(attempt, { index, call, io })),
    ...call.skipped.map(
      ({ deployment, reason }) => `  ${dim('skipped')} ${printable(`${deployment}: ${reason}`)}`,
    ),
    '',
    `  ${dim('Stages')}`,
    ...call.stages.map(
      ([name, start, end]) =>
        `  ${printable(name).padEnd(14)} ${dim(bar([[start, end, '█']], call.durationMs))} ${formatDuration(end - start)}`,
    ),
    ...feedbackLines(call, dim),
    ...payloadLines(call, { payload, dim }),
    '',
  ];
  return lines.join('\n');
}

function outcomeOf(call: CallAnswer, io: CliIo): string {
  const text = `${call.outcome} ${call.status}`;
  return paint(io, call.outcome === 'ok' ? 'green' : call.outcome === 'error' ? 'red' : 'yellow', text);
}

function facts(call: CallAnswer, io: CliIo): [string, string][] {
  const { usage } = call;
  const tokens = [
    `${formatCount(usage.inputTokens)} in`,
    `${formatCount(usage.outputTokens)} out`,
    ...(usage.cacheReadTokens ? [`${formatCount(usage.cacheReadTokens)} from cache`] : []),
    ...(usage.cacheWriteTokens ? [`${formatCount(usage.cacheWriteTokens)} to cache`] : []),
    ...(usage.reasoningTokens ? [`${formatCount(usage.reasoningTokens)} reasoning`] : []),
    ...(usage.estimated ? ['estimated'] : []),
  ].join(', ');
  const tags = Object.entries(call.tags).map(([name, value]) => `${name}=${value}`);
  return [
    ['when', formatMoment(call.startedAt, io.now())],
    ['task', `${call.task} (${call.dataClass} data)`],
    ...(call.operation ? ([['operation', call.operation]] as [string, string][]) : []),
    ['asked for', `${call.requestedModel ?? '-'}${call.streamed ? ', streamed' : ''}`],
    ['user', call.user ?? '-'],
    ['key', call.keyId],
    ['answered by', call.deployment === null ? '-' : `${call.deployment} (${call.model ?? '-'})`],
    ['took', `${formatDuration(call.durationMs)}, first token ${formatDuration(call.ttftMs)}`],
    ['tokens', tokens],
    [
      'cost',
      `${call.costNanoUsd === null && !call.unpriced ? '-' : formatUsd(call.costNanoUsd)}${call.sandbox ? ' (simulated)' : ''}`,
    ],
    ['revision', `${call.revision}${call.revisionActive ? '' : ' (no longer active)'}`],
    ...(tags.length > 0 ? ([['tags', tags.join(', ')]] as [string, string][]) : []),
    ...(call.errorCode
      ? ([['error', `${call.errorCode}: ${call.errorMessage ?? ''}`]] as [string, string][])
      : []),
  ];
}

function renderAttempt(
  attempt: AttemptRecord,
  { index, call, io }: { index: number; call: CallAnswer; io: CliIo },
): string[] {
  const { startMs, headersMs, firstTokenMs, endMs } = attempt;
  const headers = headersMs ?? endMs;
  const first = firstTokenMs ?? (headersMs === null ? endMs : headers);
  const picture = bar(
    [
      [startMs, headers, '░'],
      [headers, first, '▒'],
      [first, endMs, '█'],
    ],
    call.durationMs,
  );
  const ok = attempt.outcome === 'ok';
  const result = attempt.status === null ? (attempt.errorCode ?? attempt.outcome) : String(attempt.status);
  const cost = attempt.costNanoUsd === null ? 'cost unknown' : formatUsd(attempt.costNanoUsd);
  const details = [
    `${formatDuration(startMs)} to ${formatDuration(endMs)}`,
    `${formatCount(attempt.usage.inputTokens)}/${formatCount(attempt.usage.outputTokens)} tokens`,
    attempt.priceSource === null ? cost : `${cost} (${attempt.priceSource})`,
  ].join(', ');
  const problem = attempt.errorMessage ?? attempt.errorCode;
  return [
    `  ${index + 1} ${paint(io, ok ? 'green' : 'red', picture)} ${attempt.kind} ${printable(attempt.deployment)} ${result}`,
    `    ${paint(io, 'dim', printable(`${attempt.reason}; ${details}`))}`,
    ...(attempt.dropped
      ? [`    ${paint(io, 'yellow', `left out: ${printable(attempt.dropped.join(', '))}`)}`]
      : []),
    ...(problem === null ? [] : [`    ${paint(io, 'red', printable(problem))}`]),
  ];
}

/** Cells of a line that stands for the whole call; each span shows, however short. */
function bar(
  spans: readonly (readonly [start: number, end: number, mark: string])[],
  wholeMs: number,
): string {
  const cells = Array.from({ length: BAR_CELLS }, () => '·');
  const scale = BAR_CELLS / Math.max(wholeMs, Number.EPSILON);
  for (const [start, end, mark] of spans) {
    if (end <= start) continue;
    const from = Math.min(BAR_CELLS - 1, Math.max(0, Math.floor(start * scale)));
    const to = Math.min(BAR_CELLS, Math.max(from + 1, Math.ceil(end * scale)));
    cells.fill(mark, from, to);
  }
  return cells.join('');
}

function feedbackLines(call: CallAnswer, dim: (text: string) => string): string[] {
  if (call.feedback.length === 0) return [];
  return [
    '',
    `  ${dim('Feedback')}`,
    ...call.feedback.map(
      ({ name, score, comment }) =>
        `  ${printable(name)} ${score}${comment ? `: ${printable(comment)}` : ''}`,
    ),
  ];
}

function payloadLines(
  call: CallAnswer,
  { payload, dim }: { payload: boolean; dim: (text: string) => string },
): string[] {
  if (!payload) return call.payload ? ['', `  ${dim('The content was captured: --payload prints it.')}`] : [];
  if (!call.payload)
    return [
      '',
      `  ${dim("No content was captured: the task's `capture` is not full, or its retention is over.")}`,
    ];
  const safe = (text: string): string => text.split('\n').map(printable).join('\n');
  return ['', dim('Request'), safe(call.payload.request), '', dim('Answer'), safe(call.payload.response)];
}
