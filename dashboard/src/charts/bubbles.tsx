import { formatUsdShort } from '../words/format.ts';
import { type Bubble, type BubbleTask, layOutBubbles, toBubbleScale } from './bubble-layout.ts';

export interface BubbleRow extends BubbleTask {
  colour: string;
  /** Read out and shown on the bubble. */
  title: string;
}

/**
 * Tasks by spend (across, logarithmic) and risk (up); area is what the next move saves. The table below it holds the same
 * figures, and is the keyboard's way.
 */
export function Bubbles({ rows, onOpen }: { rows: readonly BubbleRow[]; onOpen: (task: string) => void }) {
  const scale = toBubbleScale(rows);
  const bubbles = layOutBubbles(rows, scale);
  const decades: number[] = [];
  for (let usd = scale.low; usd <= scale.high * 1.001; usd *= 10) decades.push(usd);
  const risks = Array.from({ length: scale.maxRisk + 1 }, (_, risk) => risk).filter(
    (risk) => risk % (scale.maxRisk > 8 ? 2 : 1) === 0,
  );
  return (
    <figure className="bubbles">
      <svg
        role="img"
        height={scale.height}
        aria-label={`Spend of 30 days and risk of ${rows.length} tasks; the table below holds the same figures`}
      >
        {risks.map((risk) => (
          <g key={risk}>
            <line className="grid" x1="0" x2="100%" y1={scale.y(risk)} y2={scale.y(risk)} />
            <text x="100%" y={scale.y(risk) - 4} textAnchor="end">
              {risk}
            </text>
          </g>
        ))}
        <text x="100%" y={12} textAnchor="end">
          risk
        </text>
        {decades.map((usd) => (
          <text key={usd} x={`${scale.x(usd)}%`} y={scale.height - 24} textAnchor="middle">
            {formatUsdShort(usd * 1e9)}
          </text>
        ))}
        {rows.some(({ usd }) => usd === null) && (
          <text x={`${scale.x(null)}%`} y={scale.height - 24} textAnchor="middle">
            unknown
          </text>
        )}
        <text x="50%" y={scale.height - 6} textAnchor="middle">
          spend of 30 days
        </text>
        {bubbles.map((bubble) => (
          <Dot key={bubble.task.task} bubble={bubble} onOpen={onOpen} />
        ))}
        {bubbles
          .filter(({ named }) => named !== 'never')
          .map((bubble) => (
            <Name key={bubble.task.task} bubble={bubble} />
          ))}
      </svg>
    </figure>
  );
}

function Dot({ bubble, onOpen }: { bubble: Bubble<BubbleRow>; onOpen: (task: string) => void }) {
  const { task, x, y, radius } = bubble;
  return (
    <svg aria-hidden="true" x={`${x}%`} y={y} overflow="visible" onClick={() => onOpen(task.task)}>
      <circle r={radius} fill={task.colour} fillOpacity="0.5" stroke={task.colour} strokeWidth="1.500" />
      <title>{task.title}</title>
    </svg>
  );
}

/** Above its bubble: beside it others of the same risk may lie. */
function Name({ bubble: { task, x, y, radius, named } }: { bubble: Bubble<BubbleRow> }) {
  return (
    <svg x={`${x}%`} y={y} overflow="visible" aria-hidden="true" className={named === 'wide' ? 'wide' : ''}>
      <text className="bubble-name" y={-radius - 5} textAnchor={x > 90 ? 'end' : x < 10 ? 'start' : 'middle'}>
        {task.task}
      </text>
    </svg>
  );
}
