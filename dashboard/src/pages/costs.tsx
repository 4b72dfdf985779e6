import { Link, useSearch } from '@tanstack/react-router';
import type { CostsAnswer, GroupRow } from '../../../src/control/api-types.ts';
import { useCosts, useCostsBefore, useKeys } from '../data/queries.ts';
import { useScope, useSetSearch } from '../data/scope.ts';
import { seriesColour } from '../look/series.ts';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { Bar, CallsLink, DeploymentName, Spend } from '../parts/marks.tsx';
import { Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { NoCalls } from '../parts/teach.tsx';
import { compareInWords } from '../words/compare.ts';
import { formatCount, formatShare, formatUsd, plural } from '../words/format.ts';

const DIMENSIONS = ['task', 'user', 'deployment', 'key'] as const;
type Dimension = (typeof DIMENSIONS)[number];
const HEADS: Record<Dimension, string> = { task: 'Task', user: 'User', deployment: 'Deployment', key: 'Key' };

/** Who and what the money went to. */
export function CostsPage() {
  const scope = useScope();
  const chosen = readDimensions(useSearch({ from: '/costs' }).by);
  const { data, error, refetch, isPlaceholderData } = useCosts(chosen.join(','), scope);
  const before = useCostsBefore(chosen.join(','), scope);
  const keyNames = useKeyNames();
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name="Costs" />;
  if (data.total.calls === 0) return <NoCalls name="Costs" scope={scope} />;
  const columns = toColumns(data, keyNames);
  const first = data.rows[0];
  return (
    <div className={isPlaceholderData ? 'stale' : ''}>
      <PageHead name="Costs">
        <CallsLink filter={{}}>{formatUsd(data.total.costNanoUsd)}</CallsLink> for{' '}
        {plural(data.total.calls, 'call')} in {scope.words}
        {before.data && before.data.total.calls > 0 && (
          <>
            , {compareInWords(data.total.costNanoUsd, before.data.total.costNanoUsd)} {scope.wordsBefore}
          </>
        )}
        {first && data.rows.length > 1 && data.total.costNanoUsd > 0 && (
          <>
            ; {formatShare(first.costNanoUsd, data.total.costNanoUsd)} is{' '}
            <CallsLink filter={toFilter(first)}>{nameOf(first, chosen, keyNames)}</CallsLink>
          </>
        )}
        .
      </PageHead>
      {data.unpricedDeployments.length > 0 && <Unpriced data={data} />}
      <GroupBy chosen={chosen} />
      <Section
        title={`By ${chosen.join(' and ')}`}
        aside={data.rows.length >= 500 ? 'the 500 largest' : plural(data.rows.length, 'row')}
        end={<ExportButton name={`costs-by-${chosen.join('-')}`} columns={columns} rows={data.rows} />}
      >
        <DataTable
          caption={`Spend by ${chosen.join(' and ')}`}
          columns={columns}
          rows={data.rows}
          rowKey={(row) => chosen.map((dimension) => row[dimension]).join('|')}
          limit={100}
        />
      </Section>
    </div>
  );
}

function Unpriced({ data }: { data: CostsAnswer }) {
  return (
    <div className="banners section">
      <div className="banner bad">
        <p>
          <strong>
            <CallsLink filter={{ unpriced: true }}>{plural(data.total.unpriced, 'call')}</CallsLink> have no
            price and are in no sum.
          </strong>{' '}
          State one in the config under <code>price</code> for{' '}
          {data.unpricedDeployments.map((name, index) => (
            <span key={name}>
              {index > 0 && ', '}
              <Link className="link" to="/calls" search={{ deployment: name, unpriced: true }}>
                {name}
              </Link>
            </span>
          ))}
          .
        </p>
      </div>
    </div>
  );
}

function GroupBy({ chosen }: { chosen: readonly Dimension[] }) {
  const setSearch = useSetSearch();
  const toggle = (dimension: Dimension): void => {
    const next = chosen.includes(dimension)
      ? chosen.filter((name) => name !== dimension)
      : [...chosen, dimension];
    if (next.length > 0) setSearch({ by: next.join(',') });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a row of switches, not a form's fieldset
    <div className="row" role="group" aria-label="Group by" style={{ marginTop: 16, flexWrap: 'wrap' }}>
      <span className="muted">Group by</span>
      {DIMENSIONS.map((dimension) => (
        <button
          key={dimension}
          type="button"
          className="button"
          aria-pressed={chosen.includes(dimension)}
          onClick={() => toggle(dimension)}
        >
          {dimension}
        </button>
      ))}
    </div>
  );
}

function useKeyNames(): Map<string, string> {
  const { data } = useKeys();
  return new Map(data?.keys.map((key) => [key.id, key.name]));
}

function readDimensions(text: string | undefined): Dimension[] {
  const wanted = text?.split(',') ?? [];
  const known = wanted.filter((name): name is Dimension => DIMENSIONS.includes(name as Dimension));
  return known.length > 0 ? [...new Set(known)] : ['task'];
}

function toFilter(row: GroupRow): Partial<Record<Dimension, string>> {
  return Object.fromEntries(
    DIMENSIONS.flatMap((dimension) => (row[dimension] ? [[dimension, row[dimension]]] : [])),
  );
}

function nameOf(row: GroupRow, chosen: readonly Dimension[], keyNames: Map<string, string>): string {
  return chosen
    .map((dimension) => {
      const value = row[dimension];
      if (!value) return `no ${dimension}`;
      return dimension === 'key' ? (keyNames.get(value) ?? value) : value;
    })
    .join(', ');
}

function toColumns(data: CostsAnswer, keyNames: Map<string, string>): Column<GroupRow>[] {
  const chosen = readDimensions(data.by.join(','));
  const most = Math.max(0, ...data.rows.map((row) => row.costNanoUsd));
  return [
    ...chosen.map((dimension) => nameColumn(dimension, keyNames)),
    figure(
      'calls',
      'Calls',
      (row) => row.calls,
      (row) => <CallsLink filter={toFilter(row)}>{formatCount(row.calls)}</CallsLink>,
    ),
    {
      ...figure(
        'in',
        'Tokens in',
        (row) => row.inputTokens,
        (row) => formatCount(row.inputTokens),
      ),
      lesser: true,
    },
    {
      ...figure(
        'cached',
        'Of them cached',
        (row) => row.cacheReadTokens,
        (row) => formatShare(row.cacheReadTokens, row.inputTokens),
      ),
      lesser: true,
    },
    {
      ...figure(
        'out',
        'Tokens out',
        (row) => row.outputTokens,
        (row) => formatCount(row.outputTokens),
      ),
      lesser: true,
    },
    figure(
      'spend',
      'Spend, USD',
      (row) => (row.unpriced >= row.calls ? null : row.costNanoUsd / 1e9),
      (row) => (
        <CallsLink filter={toFilter(row)}>
          <Spend cost={row.costNanoUsd} unpriced={row.unpriced} calls={row.calls} />
        </CallsLink>
      ),
    ),
    {
      key: 'unpriced',
      head: 'Unpriced',
      numeric: true,
      lesser: true,
      value: (row) => row.unpriced,
      cell: (row) => (row.unpriced === 0 ? <span className="muted">0</span> : formatCount(row.unpriced)),
    },
    figure(
      'share',
      'Share',
      (row) => share(row, data),
      (row) => formatShare(row.costNanoUsd, data.total.costNanoUsd),
    ),
    {
      key: 'bar',
      head: '',
      className: 'bar-cell lesser',
      cell: (row) => (
        <Bar
          value={row.costNanoUsd}
          of={most}
          {...(chosen[0] === 'deployment' ? { colour: seriesColour(row.deployment ?? null) } : {})}
        />
      ),
    },
  ];
}

function nameColumn(dimension: Dimension, keyNames: Map<string, string>): Column<GroupRow> {
  return {
    key: dimension,
    head: HEADS[dimension],
    className: 'name',
    value: (row) => row[dimension],
    cell: (row) => {
      const value = row[dimension];
      if (!value) return <span className="muted">{dimension === 'user' ? 'not named' : 'none'}</span>;
      if (dimension === 'deployment') return <DeploymentName name={value} />;
      if (dimension === 'key') return keyNames.get(value) ?? value;
      if (dimension === 'user') return value;
      return (
        <Link to="/tasks/$name" params={{ name: value }}>
          {value}
        </Link>
      );
    },
  };
}

function figure(
  key: string,
  head: string,
  value: (row: GroupRow) => number | null,
  cell: Column<GroupRow>['cell'],
): Column<GroupRow> {
  return { key, head, numeric: true, value, cell };
}

function share(row: GroupRow, data: CostsAnswer): number | null {
  return data.total.costNanoUsd === 0 ? null : row.costNanoUsd / data.total.costNanoUsd;
}
