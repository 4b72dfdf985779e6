import { Fragment } from 'react';
import type { CallAnswer } from '../../../src/control/api-types.ts';
import type { AttemptRecord } from '../../../src/core/call-record.ts';
import { seriesColour } from '../look/series.ts';
import { errorInWords } from '../words/errors.ts';
import { formatMs, formatTick } from '../words/format.ts';
import { niceLevel } from './nice-level.ts';

const ATTEMPT_PREFIX: Record<AttemptRecord['kind'], string> = {
  primary: '',
  fallback: 'Fallback: ',
  retry: 'Retry: ',
  hedge: 'Hedge: ',
  batch: 'Vendor batch: ',
};

/** Stages and attempts of one call in true time, with the reason of every choice. */
export function Waterfall({ call }: { call: CallAnswer }) {
  const end = Math.max(call.durationMs, ...call.attempts.map((attempt) => attempt.endMs), 0.1);
  const ticks = toTicks(end);
  // A stage that holds the attempts would only repeat them.
  const stages = call.stages.filter(([name]) => name !== 'attempt' && name !== 'attempts');
  return (
    <div className="waterfall">
      <Axis end={end} ticks={ticks} />
      {call.skipped.map((skip) => (
        <p className="why" key={skip.deployment}>
          <strong>{skip.deployment}</strong> skipped: {skip.reason}
        </p>
      ))}
      {call.attempts.map((attempt, index) => (
        <Attempt
          key={`${attempt.deployment}-${attempt.startMs}`}
          attempt={attempt}
          place={index + 1}
          end={end}
          ticks={ticks}
        />
      ))}
      {call.attempts.length > 0 && <div className="rule" />}
      {stages.map(([name, from, to]) => (
        <Fragment key={`${name}-${from}`}>
          <span className="label stage">{name.replaceAll(/[_-]/g, ' ')}</span>
          <svg role="img" aria-label={`${name}: from ${formatMs(from)} to ${formatMs(to)}`}>
            <Grid ticks={ticks} end={end} />
            <rect
              x={at(from, end)}
              width={wide(to - from, end)}
              y="9"
              height="6"
              rx="1"
              fill="var(--ink-3)"
            />
          </svg>
          <span className="ms muted">{formatMs(to - from)}</span>
        </Fragment>
      ))}
    </div>
  );
}

interface AttemptProps {
  attempt: AttemptRecord;
  place: number;
  end: number;
  ticks: number[];
}

/** Three stretches: waiting for headers (hollow), for the first token (pale), and tokens arriving (full). */
function Attempt({ attempt, place, end, ticks }: AttemptProps) {
  const colour = seriesColour(attempt.deployment);
  const headers = attempt.headersMs ?? attempt.endMs;
  const token = attempt.firstTokenMs ?? attempt.endMs;
  return (
    <>
      <span className="label" title={attempt.deployment}>
        {place}. {attempt.deployment}
      </span>
      <svg role="img" aria-label={describe(attempt)}>
        <Grid ticks={ticks} end={end} />
        <rect
          x={at(attempt.startMs, end)}
          width={wide(headers - attempt.startMs, end)}
          y="6.500"
          height="11"
          fill={colour}
          fillOpacity="0.140"
          stroke={colour}
        />
        <rect
          x={at(headers, end)}
          width={wide(token - headers, end)}
          y="6"
          height="12"
          fill={colour}
          fillOpacity="0.500"
        />
        <rect x={at(token, end)} width={wide(attempt.endMs - token, end)} y="6" height="12" fill={colour} />
        {attempt.outcome !== 'ok' && (
          <svg aria-hidden="true" x={at(attempt.endMs, end)} y="12" overflow="visible">
            <path d="M-4-4l8 8m0-8l-8 8" stroke="var(--bad)" strokeWidth="2" />
          </svg>
        )}
      </svg>
      <span className="ms">{formatMs(attempt.endMs - attempt.startMs)}</span>
      <p className="why">
        {ATTEMPT_PREFIX[attempt.kind]}
        {attempt.reason}
        {attempt.dropped && `; left out, because it cannot be carried there: ${attempt.dropped.join(', ')}`}
        {attempt.outcome === 'cancelled' && '; cancelled, another attempt was faster'}
        {attempt.errorCode !== null && (
          <>
            {'; '}
            <strong className="form-error">{errorInWords(attempt.errorCode)}</strong>
            {attempt.status === null ? '' : `, status ${attempt.status}`}
            {attempt.errorMessage ? `: ${attempt.errorMessage}` : ''}
          </>
        )}
      </p>
    </>
  );
}

function Axis({ end, ticks }: { end: number; ticks: number[] }) {
  return (
    <>
      <span />
      <div className="axis" aria-hidden="true">
        <svg aria-hidden="true">
          {ticks.map((tick) => (
            <text key={tick} x={at(tick, end)} y="14" textAnchor={tick === 0 ? 'start' : 'middle'}>
              {formatTick(tick)}
            </text>
          ))}
        </svg>
      </div>
      <span />
    </>
  );
}

function Grid({ ticks, end }: { ticks: number[]; end: number }) {
  return ticks.map((tick) => (
    <line key={tick} className="grid" x1={at(tick, end)} x2={at(tick, end)} y1="0" y2="24" />
  ));
}

function at(ms: number, end: number): string {
  return `${(ms / end) * 100}%`;
}

/** Nothing that happened is invisible: at least a hair wide. */
function wide(ms: number, end: number): string {
  return ms <= 0 ? '0' : `${Math.max(0.25, (ms / end) * 100)}%`;
}

function toTicks(end: number): number[] {
  const step = niceLevel(end / 3);
  const ticks = [];
  for (let tick = 0; tick <= end * 0.98; tick += step) ticks.push(tick);
  return ticks;
}

function describe(attempt: AttemptRecord): string {
  const parts = [
    `Attempt at ${attempt.deployment} from ${formatMs(attempt.startMs)} to ${formatMs(attempt.endMs)}`,
  ];
  if (attempt.headersMs !== null) parts.push(`headers at ${formatMs(attempt.headersMs)}`);
  if (attempt.firstTokenMs !== null) parts.push(`first token at ${formatMs(attempt.firstTokenMs)}`);
  parts.push(attempt.outcome === 'ok' ? 'answered' : errorInWords(attempt.errorCode));
  return parts.join(', ');
}
