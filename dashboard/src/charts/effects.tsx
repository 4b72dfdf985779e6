import type { CalibrationAnswer } from '../../../src/control/api-types.ts';
import type { Interval } from '../../../src/core/interval.ts';
import { formatUsdShort } from '../words/format.ts';

type Effect = CalibrationAnswer['effects'][number];

const ROW = 34;
const TOP = 24;
/** The newest. */
const SHOWN = 12;

/** Each measured effect against its prediction: the pale band was predicted, the dot with its stroke was measured. */
export function Effects({ effects: all }: { effects: readonly Effect[] }) {
  const effects = all.slice(-SHOWN);
  const ends = effects.flatMap(({ predictedUsdPerMonth: p, realised: { usdPerMonth: m } }) => [
    ...(p ? [p.low, p.high] : []),
    m.low,
    m.high,
  ]);
  const low = Math.min(0, ...ends);
  const high = Math.max(0, ...ends);
  const x = (usd: number): number => (high === low ? 50 : 1 + ((usd - low) / (high - low)) * 98);
  const height = TOP + effects.length * ROW + 20;
  const ticks = [low, 0, high].filter(
    (usd, index, all) => all.findIndex((one) => Math.abs(x(one) - x(usd)) < 12) === index,
  );
  return (
    <figure className="effects">
      <svg
        role="img"
        width="100%"
        height={height}
        aria-label={`Predicted and measured change of cost of ${effects.length} adopted recommendations; the table below holds the same figures`}
      >
        <line className="zero" x1={`${x(0)}%`} x2={`${x(0)}%`} y1={TOP - 8} y2={height - 16} />
        {ticks.map((usd) => (
          <text
            key={usd}
            x={`${x(usd)}%`}
            y={height - 4}
            textAnchor={x(usd) < 10 ? 'start' : x(usd) > 90 ? 'end' : 'middle'}
          >
            {usd < 0
              ? `saves ${formatUsdShort(-usd * 1e9)}`
              : usd === 0
                ? '0'
                : `costs ${formatUsdShort(usd * 1e9)}`}
          </text>
        ))}
        {effects.map((effect, index) => (
          <Row key={effect.id} effect={effect} y={TOP + index * ROW} x={x} />
        ))}
      </svg>
    </figure>
  );
}

function Row({ effect, y, x }: { effect: Effect; y: number; x: (usd: number) => number }) {
  const { predictedUsdPerMonth: predicted, realised, title, task } = effect;
  const width = ({ low, high }: Interval) => `${Math.max(0.3, x(high) - x(low))}%`;
  return (
    <g>
      <text x="0" y={y}>
        {title}, {task}
      </text>
      {predicted && (
        <rect
          className="predicted"
          x={`${x(predicted.low)}%`}
          width={width(predicted)}
          y={y + 5}
          height="10"
          rx="2"
        />
      )}
      <g className={realised.inside === false ? 'measured outside' : 'measured'}>
        <rect
          x={`${x(realised.usdPerMonth.low)}%`}
          width={width(realised.usdPerMonth)}
          y={y + 9}
          height="2"
        />
        <circle cx={`${x(realised.usdPerMonth.mid)}%`} cy={y + 10} r="4" />
      </g>
    </g>
  );
}
