import type { Advice } from '../../../src/advisor/advice.ts';
import type { OptionId } from '../../../src/advisor/economics/economics.ts';
import {
  type BreakEvenPicture,
  breakEvenPicture,
  PICTURE,
} from '../../../src/advisor/report/break-even-picture.ts';

const { width, height, left, right, top, bottom } = PICTURE;
/** Each base keeps its colour in every picture of the advisor. */
const SERIES: Partial<Record<OptionId, string>> = {
  'hosted-api': 'var(--series-0)',
  'private-deployment': 'var(--series-4)',
  'self-hosted': 'var(--series-1)',
  hybrid: 'var(--series-2)',
};

/** Colour of a base or option in every picture of the advisor. */
export function optionColour(option: string): string {
  return SERIES[option as OptionId] ?? 'var(--series-7)';
}

/** Cost a month by calls a month: a band per option, today's volume, and where each crosses the hosted API. */
export function BreakEvenChart({ advice }: { advice: Advice }) {
  const picture = breakEvenPicture(advice);
  return (
    <>
      <svg
        className="break-even"
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label="Cost a month by calls a month, both on logarithmic axes, one band for each option; the table below holds the same figures"
      >
        <Axes picture={picture} />
        {picture.today && <Today today={picture.today} />}
        {picture.bands.map(({ option, area, line }) => (
          <g key={option} style={{ color: optionColour(option) }}>
            <polygon className="band" points={area} />
            <polyline className="line" points={line} />
          </g>
        ))}
        {picture.crossings.map(({ option, x, noteX, noteY, anchor, note }) => (
          <g key={option} className="crossing" style={{ color: optionColour(option) }}>
            <line x1={x} x2={x} y1={top} y2={bottom} />
            <text x={noteX} y={noteY} textAnchor={anchor}>
              {note}
            </text>
          </g>
        ))}
      </svg>
      <p className="advice-legend">
        {picture.bands.map(({ option, label }) => (
          <span key={option}>
            <i className="swatch" style={{ background: optionColour(option) }} aria-hidden="true" />
            {label}
          </span>
        ))}
      </p>
    </>
  );
}

function Axes({ picture: { ticksX, ticksY } }: { picture: BreakEvenPicture }) {
  const middle = (top + bottom) / 2;
  return (
    <g>
      {ticksX.map(({ x, label }) => (
        <g key={label}>
          <line className="grid" x1={x} x2={x} y1={top} y2={bottom} />
          <text x={x} y={bottom + 16} textAnchor="middle">
            {label}
          </text>
        </g>
      ))}
      {ticksY.map(({ y, label }) => (
        <g key={label}>
          <line className="grid" x1={left} x2={right} y1={y} y2={y} />
          <text x={left - 8} y={y + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      <text x={(left + width) / 2} y={height - 8} textAnchor="middle">
        calls a month
      </text>
      <text x={14} y={middle} textAnchor="middle" transform={`rotate(-90 14 ${middle})`}>
        USD a month
      </text>
    </g>
  );
}

function Today({
  today: { from, width: wide, x, anchor, note },
}: {
  today: NonNullable<BreakEvenPicture['today']>;
}) {
  return (
    <g className="today">
      <rect x={from} width={wide} y={top} height={bottom - top} />
      <line x1={x} x2={x} y1={top} y2={bottom} />
      <text x={x} y={top - 6} textAnchor={anchor}>
        {note}
      </text>
    </g>
  );
}
