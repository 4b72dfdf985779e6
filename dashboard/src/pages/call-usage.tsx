import type { CSSProperties } from 'react';
import type { CallAnswer } from '../../../src/control/api-types.ts';
import type { AttemptRecord } from '../../../src/core/call-record.ts';
import type { Usage } from '../../../src/core/usage.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { DeploymentName } from '../parts/marks.tsx';
import { Section } from '../parts/page.tsx';
import { formatCount, formatUsd, plural } from '../words/format.ts';

interface Part {
  name: string;
  tokens: number;
  colour: string;
}

/** Usage to the part, and what each attempt cost by which price. */
export function CallUsage({ call }: { call: CallAnswer }) {
  const parts = toParts(call.usage);
  return (
    <Section
      title="Usage and cost"
      aside={call.usage.estimated ? 'estimated: the vendor did not report all of it' : undefined}
    >
      {parts.length > 0 ? (
        <>
          <div className="usage-bar" aria-hidden="true">
            {parts.map((part) => (
              <i key={part.name} style={{ '--part': part.colour, flexGrow: part.tokens } as CSSProperties} />
            ))}
          </div>
          <dl className="facts" style={{ margin: '8px 0 16px' }}>
            {parts.map((part) => (
              <div key={part.name} style={{ display: 'contents' }}>
                <dt className="row" style={{ gap: 0 }}>
                  <i
                    className="swatch"
                    style={{ '--bar': part.colour } as CSSProperties}
                    aria-hidden="true"
                  />
                  {part.name}
                </dt>
                <dd>
                  {call.usage.estimated ? '≈ ' : ''}
                  {plural(part.tokens, 'token')}
                </dd>
              </div>
            ))}
          </dl>
        </>
      ) : (
        <p className="muted">No usage is known.</p>
      )}
      {call.attempts.length > 0 && (
        <DataTable
          caption="Cost per attempt"
          columns={attemptColumns}
          rows={call.attempts}
          rowKey={(attempt) => `${attempt.deployment}-${attempt.startMs}`}
        />
      )}
    </Section>
  );
}

const attemptColumns: Column<AttemptRecord>[] = [
  {
    key: 'deployment',
    head: 'Attempt',
    className: 'name',
    cell: (attempt) => <DeploymentName name={attempt.deployment} />,
  },
  { key: 'in', head: 'In', numeric: true, cell: (attempt) => tokens(attempt.usage.inputTokens) },
  { key: 'out', head: 'Out', numeric: true, cell: (attempt) => tokens(attempt.usage.outputTokens) },
  { key: 'price', head: 'Price from', lesser: true, cell: (attempt) => attempt.priceSource ?? 'none' },
  {
    key: 'cost',
    head: 'Cost, USD',
    numeric: true,
    cell: (attempt) =>
      attempt.costNanoUsd === null ? (
        <span className="tag bad">{attempt.priceSource === null ? 'unpriced' : 'usage unknown'}</span>
      ) : (
        formatUsd(attempt.costNanoUsd)
      ),
  },
];

/** The parts that add up to the whole: cached and new input, shown and hidden output. */
function toParts(usage: Usage): Part[] {
  const {
    inputTokens = 0,
    outputTokens = 0,
    cacheReadTokens = 0,
    cacheWriteTokens = 0,
    reasoningTokens = 0,
  } = usage;
  return [
    { name: 'input', tokens: inputTokens - cacheReadTokens - cacheWriteTokens, colour: 'var(--series-0)' },
    { name: 'input read from cache', tokens: cacheReadTokens, colour: 'var(--series-5)' },
    { name: 'input written to cache', tokens: cacheWriteTokens, colour: 'var(--series-7)' },
    { name: 'output', tokens: outputTokens - reasoningTokens, colour: 'var(--series-3)' },
    { name: 'reasoning output', tokens: reasoningTokens, colour: 'var(--series-1)' },
  ].filter((part) => part.tokens > 0);
}

function tokens(value: number | undefined): string {
  return value === undefined ? 'unknown' : formatCount(value);
}
