import type { EngineRow, EngineState } from '../../../src/control/api-types.ts';
import { useEngines } from '../data/queries.ts';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { Section } from '../parts/page.tsx';
import { formatAgo, formatCount, formatShare } from '../words/format.ts';

const MODELS_SHOWN = 4;

/** Engines people run themselves: how busy they say they are, and what they serve. Nothing where there are none. */
export function Engines() {
  const { data } = useEngines();
  if (!data || data.engines.length === 0) return null;
  return (
    <Section
      title="Engines"
      aside="as they told of themselves in the last 15 s; a dash is not known"
      end={<ExportButton name="engines" columns={columns} rows={data.engines} />}
    >
      <DataTable
        caption="Self-hosted engines with their load and models"
        columns={columns}
        rows={data.engines}
        rowKey={(row) => row.provider}
      />
    </Section>
  );
}

const columns: Column<EngineRow>[] = [
  {
    key: 'provider',
    head: 'Provider',
    className: 'name',
    value: (row) => row.provider,
    cell: (row) => (
      <>
        {row.provider} <span className="muted">{row.type}</span>
      </>
    ),
  },
  {
    key: 'waiting',
    head: 'Waiting',
    numeric: true,
    value: (row) => row.load?.waiting ?? null,
    cell: ({ load }) => (load?.waiting == null ? '–' : formatCount(load.waiting)),
  },
  {
    key: 'running',
    head: 'Running',
    numeric: true,
    value: (row) => row.load?.running ?? null,
    cell: ({ load }) => (load?.running == null ? '–' : formatCount(load.running)),
  },
  {
    key: 'kv',
    head: 'KV cache',
    numeric: true,
    value: (row) => row.load?.kvCacheUse ?? null,
    cell: ({ load }) => (load?.kvCacheUse == null ? '–' : formatShare(load.kvCacheUse, 1)),
  },
  {
    key: 'models',
    head: 'Serves',
    lesser: true,
    className: 'name',
    value: (row) => row.models?.map(({ id }) => id).join(', ') ?? null,
    cell: (row) => <Models row={row} />,
  },
  {
    key: 'told',
    head: 'Answers',
    value: (row) => row.trouble ?? 'yes',
    cell: (row) =>
      row.trouble === null ? (
        'yes'
      ) : (
        <span className="form-error" title={row.trouble}>
          {row.loadAt === null ? 'no' : `no, last ${formatAgo(row.loadAt)}`}
        </span>
      ),
  },
];

function Models({ row: { models } }: { row: EngineRow }) {
  if (models === null) return <span className="muted">not told</span>;
  if (models.length === 0) return <span className="muted">no model</span>;
  const more = models.length - MODELS_SHOWN;
  return (
    <span title={models.map(({ id }) => id).join('\n')}>
      {models
        .slice(0, MODELS_SHOWN)
        .map(({ id, parent }) => (parent === null ? id : `${id} (LoRA)`))
        .join(', ')}
      {more > 0 && <span className="muted"> and {more} more</span>}
    </span>
  );
}

/** `3 waiting, KV 41 %`; `null` where nothing is known. */
export function engineInWords(engine: EngineState | null): string | null {
  const load = engine?.load;
  if (!load) return null;
  const parts = [
    ...(load.waiting === null ? [] : [`${formatCount(load.waiting)} waiting`]),
    ...(load.kvCacheUse === null ? [] : [`KV ${formatShare(load.kvCacheUse, 1)}`]),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}
