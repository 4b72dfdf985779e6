import type { CallSummary } from '../../../src/store/store.ts';
import { seriesColour } from '../look/series.ts';
import { formatMs, formatTick, formatTime } from '../words/format.ts';

const HEIGHT = 112;
const TOP = 10;
const BOTTOM = 88;

/**
 * The loaded calls as dots: when, and how long each took (logarithmic). Failed calls are crosses, so that colour is
 * never the only difference. The list below is the same calls as a table.
 */
export function Scatter({ calls, onOpen }: { calls: readonly CallSummary[]; onOpen: (id: string) => void }) {
  const times = calls.map((call) => call.startedAt);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const { low, high, levels } = toScale(calls);
  const x = (at: number): string => `${last === first ? 50 : ((at - first) / (last - first)) * 99 + 0.5}%`;
  const y = (ms: number): number =>
    BOTTOM - (Math.log(Math.max(ms, low) / low) / Math.log(high / low)) * (BOTTOM - TOP);
  return (
    <figure className="scatter">
      <svg aria-hidden="true" className="scatter-axis">
        {levels.map((level) => (
          <text key={level} x="44" y={y(level) + 4} textAnchor="end">
            {formatTick(level)}
          </text>
        ))}
      </svg>
      <svg role="img" aria-label={describe(calls)}>
        {levels.map((level) => (
          <line key={level} x1="0" x2="100%" y1={y(level)} y2={y(level)} />
        ))}
        <text x="0" y={HEIGHT - 4}>
          {formatTime(first)}
        </text>
        <text x="100%" y={HEIGHT - 4} textAnchor="end">
          {formatTime(last)}
        </text>
        {calls.map((call) => (
          <Dot key={call.id} call={call} x={x(call.startedAt)} y={y(call.durationMs)} onOpen={onOpen} />
        ))}
      </svg>
    </figure>
  );
}

/** From the decade of the fastest answered call up: calls refused within a millisecond would flatten the rest. */
function toScale(calls: readonly CallSummary[]): { low: number; high: number; levels: number[] } {
  const answered = calls.filter((call) => call.attemptCount > 0).map((call) => call.durationMs);
  const fastest = Math.max(0.1, Math.min(...(answered.length > 0 ? answered : [1])));
  const low = 10 ** Math.floor(Math.log10(fastest));
  const high = Math.max(low * 10, ...calls.map((call) => call.durationMs));
  const levels = [];
  for (let level = low; level <= high; level *= 10) levels.push(level);
  return { low, high, levels };
}

interface DotProps {
  call: CallSummary;
  x: string;
  y: number;
  onOpen(id: string): void;
}

function Dot({ call, x, y, onOpen }: DotProps) {
  const failed = call.outcome === 'error' || call.outcome === 'refused';
  return (
    // The picture is for the mouse and is described as a whole; the rows below it are the keyboard's way.
    <svg aria-hidden="true" x={x} y={y} overflow="visible" onClick={() => onOpen(call.id)}>
      {failed ? (
        <path d="M-3.500-3.500l7 7m0-7l-7 7" stroke="var(--bad)" strokeWidth="1.750" />
      ) : (
        <circle r="3" fill={seriesColour(call.deployment)} fillOpacity={call.sandbox ? 0.55 : 0.75} />
      )}
      <title>{`${formatTime(call.startedAt)}  ${call.task}  ${formatMs(call.durationMs)}`}</title>
    </svg>
  );
}

function describe(calls: readonly CallSummary[]): string {
  const sorted = calls.map((call) => call.durationMs).sort((a, b) => a - b);
  const at = (share: number): string => formatMs(sorted[Math.floor((sorted.length - 1) * share)] ?? null);
  return `Duration of ${calls.length} calls over time: median ${at(0.5)}, 95th percentile ${at(0.95)}, longest ${at(1)}.`;
}
