import type { Advice } from '../../../src/advisor/advice.ts';
import type { BreakEven, OptionId } from '../../../src/advisor/economics/economics.ts';
import { formatMonth, formatNumber } from '../../../src/advisor/report/number.ts';
import type { Interval } from '../../../src/core/interval.ts';
import { formatShort } from '../words/format.ts';

const WIDTH = 760;
const HEIGHT = 340;
const LEFT = 68;
const RIGHT = 16;
const TOP = 20;
const BOTTOM = 44;
/** Bases are compared here; tuned variants have figures of their own. Each keeps its colour. */
const SERIES: Partial<Record<OptionId, string>> = {
  'hosted-api': 'var(--series-0)',
  'private-deployment': 'var(--series-4)',
  'self-hosted': 'var(--series-1)',
  hybrid: 'var(--series-2)',
};

interface Scale {
  x(calls: number): number;
  y(usd: number): number;
}

interface Line {
  option: OptionId;
  label: string;
  colour: string;
  usdPerMonth: readonly Interval[];
}

/** Colour of a base or option in every picture of the advisor. */
export function optionColour(option: string): string {
  return SERIES[option as OptionId] ?? 'var(--series-7)';
}

/** Cost a month by calls a month: a band per option, today's volume, and where each crosses the hosted API. */
export function BreakEvenChart({ advice }: { advice: Advice }) {
  const { curve, breakEven, quantities } = advice.economics;
  const lines = linesOf(advice);
  const volumes = curve.callsPerMonth;
  const scale = toScale(
    volumes,
    lines.flatMap(({ usdPerMonth }) => usdPerMonth),
  );
  const volume = quantities.find(({ id }) => id === 'volume.calls-per-month')?.value ?? null;
  const shown = new Set(lines.map(({ option }) => option));
  return (
    <>
      <svg
        className="break-even"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label="Cost a month by calls a month, both on logarithmic axes, one band for each option; the table below holds the same figures"
      >
        <Axes scale={scale} volumes={volumes} />
        {volume && <Today scale={scale} volume={volume} />}
        {lines.map((line) => (
          <Band key={line.option} line={line} volumes={volumes} scale={scale} />
        ))}
        {breakEven
          .filter(({ option }) => shown.has(option))
          .map((crossing, row) => (
            <Crossing
              key={crossing.option}
              crossing={crossing}
              scale={scale}
              place={{ at: advice.at, row }}
            />
          ))}
      </svg>
      <p className="advice-legend">
        {lines.map(({ option, label, colour }) => (
          <span key={option}>
            <i className="swatch" style={{ background: colour }} aria-hidden="true" />
            {label}
          </span>
        ))}
      </p>
    </>
  );
}

/** The hosted API, against which the others cross, and every base that is not ruled out. */
function linesOf({ economics, scorecard }: Advice): Line[] {
  const open = new Set<string>(
    scorecard.bases.filter(({ excluded }) => excluded.length === 0).map(({ target }) => target),
  );
  return economics.curve.options.flatMap(({ option, usdPerMonth }) => {
    const colour = SERIES[option];
    if (!colour || (option !== 'hosted-api' && !open.has(option))) return [];
    const label = economics.options.find((one) => one.option === option)?.label ?? option;
    return [{ option, label, colour, usdPerMonth }];
  });
}

function toScale(volumes: readonly number[], costs: readonly Interval[]): Scale {
  const [x0, x1] = [Math.log10(volumes[0] ?? 1), Math.log10(volumes.at(-1) ?? 10)];
  const positive = costs.map(({ low }) => low).filter((low) => low > 0);
  const lowest = Math.max(1, Math.min(...positive));
  const y0 = Math.log10(lowest);
  const y1 = Math.max(y0 + 1, Math.log10(Math.max(...costs.map(({ high }) => high))));
  return {
    x: (calls) => LEFT + ((Math.log10(calls) - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT),
    y: (usd) =>
      HEIGHT - BOTTOM - ((Math.log10(Math.max(usd, lowest)) - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM),
  };
}

function Band({ line, volumes, scale }: { line: Line; volumes: readonly number[]; scale: Scale }) {
  const points = (end: keyof Interval) =>
    line.usdPerMonth.map(
      (cost, index) => `${scale.x(volumes[index] ?? 1).toFixed(1)},${scale.y(cost[end]).toFixed(1)}`,
    );
  return (
    <g style={{ color: line.colour }}>
      <polygon className="band" points={[...points('low'), ...points('high').reverse()].join(' ')} />
      <polyline className="line" points={points('mid').join(' ')} />
    </g>
  );
}

function Axes({ scale, volumes }: { scale: Scale; volumes: readonly number[] }) {
  const [first, last] = [volumes[0] ?? 1, volumes.at(-1) ?? 10];
  const powers = Array.from({ length: 13 }, (_, power) => 10 ** power);
  const middle = (TOP + HEIGHT - BOTTOM) / 2;
  return (
    <g>
      {powers
        .filter((calls) => calls >= first && calls <= last)
        .map((calls) => (
          <g key={calls}>
            <line className="grid" x1={scale.x(calls)} x2={scale.x(calls)} y1={TOP} y2={HEIGHT - BOTTOM} />
            <text x={scale.x(calls)} y={HEIGHT - BOTTOM + 16} textAnchor="middle">
              {formatShort(calls)}
            </text>
          </g>
        ))}
      {powers
        .map((usd) => ({ usd, y: scale.y(usd) }))
        .filter(({ usd, y }) => y >= TOP && y <= HEIGHT - BOTTOM && (usd > 1 || scale.y(2) < y))
        .map(({ usd, y }) => (
          <g key={usd}>
            <line className="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y} y2={y} />
            <text x={LEFT - 8} y={y + 4} textAnchor="end">
              ${formatShort(usd)}
            </text>
          </g>
        ))}
      <text x={(LEFT + WIDTH) / 2} y={HEIGHT - 8} textAnchor="middle">
        calls a month
      </text>
      <text x={14} y={middle} textAnchor="middle" transform={`rotate(-90 14 ${middle})`}>
        USD a month
      </text>
    </g>
  );
}

function Today({ scale, volume }: { scale: Scale; volume: Interval }) {
  const inside = (calls: number) => Math.max(LEFT, Math.min(WIDTH - RIGHT, scale.x(Math.max(1, calls))));
  const [from, mid, to] = [inside(volume.low), inside(volume.mid), inside(volume.high)];
  const end = mid > WIDTH - 120;
  return (
    <g className="today">
      <rect x={from} width={Math.max(1, to - from)} y={TOP} height={HEIGHT - TOP - BOTTOM} />
      <line x1={mid} x2={mid} y1={TOP} y2={HEIGHT - BOTTOM} />
      <text x={mid} y={TOP - 6} textAnchor={end ? 'end' : 'middle'}>
        today: {formatNumber(volume.mid, 2)}
      </text>
    </g>
  );
}

function Crossing(props: { crossing: BreakEven; scale: Scale; place: { at: number; row: number } }) {
  const { callsPerMonth, months, option } = props.crossing;
  if (callsPerMonth.mid === null || callsPerMonth.mid <= 0) return null;
  const x = props.scale.x(callsPerMonth.mid);
  if (x < LEFT || x > WIDTH - RIGHT) return null;
  const when =
    months.mid === null
      ? 'not within 3 years'
      : months.mid === 0
        ? 'passed'
        : formatMonth(props.place.at, months.mid);
  const end = x > WIDTH - 240;
  return (
    <g className="crossing" style={{ color: optionColour(option) }}>
      <line x1={x} x2={x} y1={TOP} y2={HEIGHT - BOTTOM} />
      <text
        x={end ? x - 6 : x + 6}
        y={HEIGHT - BOTTOM - 8 - 16 * props.place.row}
        textAnchor={end ? 'end' : 'start'}
      >
        break-even {formatNumber(callsPerMonth.mid, 2)}, {when}
      </text>
    </g>
  );
}
