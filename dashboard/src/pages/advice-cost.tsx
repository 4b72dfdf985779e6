import type { ReactNode } from 'react';
import type { Advice } from '../../../src/advisor/advice.ts';
import { labelOf } from '../../../src/advisor/options.ts';
import { formatNumber, formatVolume, formatWhen, unitWords } from '../../../src/advisor/report/number.ts';
import { BreakEvenChart } from '../charts/break-even.tsx';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { Behind, Section } from '../parts/page.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { formatShare } from '../words/format.ts';
import { Sliders, useWhatIf } from './advice-sliders.tsx';

/** Break-even and flip points, with the sliders that move both. */
export function CostSections({ advice }: { advice: Advice }) {
  const whatIf = useWhatIf(advice);
  return (
    <>
      <BreakEvenSection advice={whatIf.shown}>
        <Sliders advice={advice} whatIf={whatIf} />
      </BreakEvenSection>
      <FlipPoints advice={whatIf.shown} />
    </>
  );
}

function BreakEvenSection({ advice, children }: { advice: Advice; children: ReactNode }) {
  const { breakEven } = advice.economics;
  const columns = curveColumns(advice);
  const rows = advice.economics.curve.callsPerMonth.map((calls, index) => ({ calls, index }));
  return (
    <Section
      title="Break-even"
      aside="bands hold 80 % of the draws; the grey stripe is today’s volume"
      end={<ExportButton name={`break-even-${advice.task}`} columns={columns} rows={rows} />}
    >
      {children}
      <Scroll className="table-scroll" label="Break-even chart">
        <BreakEvenChart advice={advice} />
      </Scroll>
      <Behind what="cost a month by calls a month">
        <DataTable
          caption="Cost a month by calls a month, USD"
          columns={columns}
          rows={rows}
          rowKey={({ index }) => String(index)}
        />
      </Behind>
      <ul className="advice-list section">
        {breakEven.map(({ option, callsPerMonth, months, neverShare }) => (
          <li key={option}>
            <strong>{labelOf(option)}</strong>, break-even with the hosted API: {formatVolume(callsPerMonth)}.
            When: {formatWhen(months, advice.at)}. Never in {formatShare(neverShare, 1)} of the draws.
          </li>
        ))}
      </ul>
    </Section>
  );
}

interface CurveRow {
  calls: number;
  index: number;
}

function curveColumns({ economics }: Advice): Column<CurveRow>[] {
  return [
    {
      key: 'calls',
      head: 'Calls a month',
      numeric: true,
      value: ({ calls }) => calls,
      cell: ({ calls }) => formatNumber(calls, 2),
    },
    ...economics.curve.options.map(({ option, usdPerMonth }): Column<CurveRow> => {
      const label = economics.options.find((one) => one.option === option)?.label ?? option;
      return {
        key: option,
        head: `${label}, USD`,
        numeric: true,
        value: ({ index }) => usdPerMonth[index]?.mid,
        cell: ({ index }) => {
          const cost = usdPerMonth[index];
          return cost ? `${formatNumber(cost.low, 2)} to ${formatNumber(cost.high, 2)}` : '';
        },
      };
    }),
  ];
}

function FlipPoints({ advice: { flipPoints } }: { advice: Advice }) {
  return (
    <Section title="What would change the answer">
      {flipPoints.length === 0 ? (
        <p>No single number, moved over its plausible range, makes another option the cheapest.</p>
      ) : (
        <ul className="advice-list">
          {flipPoints.map(({ quantity, label, unit, from, to, answer, becomes, withinInterval }) => (
            <li key={quantity}>
              {label}: from {formatNumber(from, 2)} to {formatNumber(to, 2)} {unitWords(unit)}, and the
              cheapest is no longer {answer} but {becomes}.{' '}
              {withinInterval && (
                <span className="tag warn">within what is known: the answer is not safe</span>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
