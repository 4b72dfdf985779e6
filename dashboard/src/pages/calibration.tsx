import './calibration.css';
import { Link } from '@tanstack/react-router';
import { effectInWords } from '../../../src/advisor/recommendation/effect-words.ts';
import type { CalibrationAnswer } from '../../../src/control/api-types.ts';
import { Effects } from '../charts/effects.tsx';
import { useCalibration } from '../data/advice-queries.ts';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { Section } from '../parts/page.tsx';
import { formatCount, formatDay, formatShare, plural } from '../words/format.ts';

type Effect = CalibrationAnswer['effects'][number];

/** Whether the advisor was right: what was measured against what was predicted. */
export function CalibrationSection() {
  const { data } = useCalibration();
  if (!data) return null;
  return (
    <Section
      title="Was it right?"
      aside="what was measured after an adoption, against the prediction"
      end={<ExportButton name="calibration" columns={COLUMNS} rows={data.effects} />}
    >
      <p className="prose">{finding(data)}</p>
      {data.effects.length > 0 && (
        <>
          <Effects effects={data.effects} />
          <DataTable
            caption="Predicted and measured effects"
            columns={COLUMNS}
            rows={data.effects}
            rowKey={({ id }) => id}
            limit={10}
          />
        </>
      )}
    </Section>
  );
}

function finding({ measured, inside, share, shareInterval, waiting, effects }: CalibrationAnswer): string {
  const wait =
    waiting === 0
      ? ''
      : ` ${plural(waiting, 'adopted recommendation')} ${waiting === 1 ? 'waits' : 'wait'} for it.`;
  if (share === null || shareInterval === null) {
    return effects.length > 0
      ? `What was measured had no prediction to be held against.${wait}`
      : `Nothing was measured yet. Seven days after a recommendation is adopted, with 100 priced calls on each side, its effect is measured and held against its prediction.${wait}`;
  }
  const [low, high] = [shareInterval.low, shareInterval.high].map((end) => formatShare(end, 1));
  return `${inside} of ${plural(measured, 'measured effect')} fell inside the predicted interval (${formatShare(share, 1)}; so few stand for ${low} to ${high}). About 80 % is what the predictions claim.${wait}`;
}

const COLUMNS: Column<Effect>[] = [
  {
    key: 'what',
    head: 'Recommendation',
    className: 'wrap',
    value: ({ title }) => title,
    cell: ({ title }) => title,
  },
  {
    key: 'task',
    head: 'Task',
    className: 'name',
    value: ({ task }) => task,
    cell: ({ task }) => (
      <Link to="/advisor/$task" params={{ task }}>
        {task}
      </Link>
    ),
  },
  {
    key: 'adopted',
    head: 'Adopted',
    lesser: true,
    value: ({ adoptedAt }) => adoptedAt,
    cell: ({ adoptedAt }) => (adoptedAt === null ? '' : formatDay(adoptedAt)),
  },
  {
    key: 'predicted',
    head: 'Predicted',
    className: 'wrap',
    lesser: true,
    value: ({ predictedUsdPerMonth }) => effectInWords(predictedUsdPerMonth),
    cell: ({ predictedUsdPerMonth }) => effectInWords(predictedUsdPerMonth),
  },
  {
    key: 'measured',
    head: 'Measured',
    className: 'wrap',
    value: ({ realised }) => effectInWords(realised.usdPerMonth),
    cell: ({ realised }) => effectInWords(realised.usdPerMonth),
  },
  {
    key: 'calls',
    head: 'Sampled calls',
    numeric: true,
    lesser: true,
    value: ({ realised }) => realised.callsBefore + realised.callsAfter,
    cell: ({ realised }) => `${formatCount(realised.callsBefore)} + ${formatCount(realised.callsAfter)}`,
  },
  {
    key: 'inside',
    head: 'Inside',
    value: ({ realised }) => realised.inside,
    cell: ({ realised: { inside } }) =>
      inside === null ? (
        <span className="muted">no prediction</span>
      ) : inside ? (
        <span className="tag good">inside</span>
      ) : (
        <span className="tag warn">outside</span>
      ),
  },
];
