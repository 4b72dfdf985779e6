import type { DeploymentRow } from '../../../src/control/api-types.ts';
import type { Column } from '../parts/data-table.tsx';
import { CallsLink, DeploymentName } from '../parts/marks.tsx';
import { errorInWords } from '../words/errors.ts';
import { formatAgo, formatCount, formatMs, formatShare, plural } from '../words/format.ts';
import { DrainButton } from './stack-drain.tsx';
import { engineInWords } from './stack-engines.tsx';

export const deploymentColumns: Column<DeploymentRow>[] = [
  {
    key: 'name',
    head: 'Deployment',
    className: 'name',
    value: (row) => row.name,
    cell: (row) => (
      <>
        <DeploymentName name={row.name} />
        {row.sandbox && (
          <span className="env-mark hatched" style={{ height: 16, marginLeft: 8 }}>
            SANDBOX
          </span>
        )}
        {row.implicit && (
          <span
            className="tag"
            style={{ marginLeft: 8 }}
            title="Made from a provider/model name, not declared"
          >
            implicit
          </span>
        )}
      </>
    ),
  },
  {
    key: 'model',
    head: 'Model',
    lesser: true,
    className: 'name',
    value: (row) => `${row.provider.type} ${row.config.model}`,
    cell: (row) => (
      <>
        {row.config.model}{' '}
        {row.engine?.served === false && (
          <span className="tag bad" title="The engine lists no model of this name any more">
            not served
          </span>
        )}{' '}
        <span className="muted">
          {row.provider.type}
          {row.config.region ? ` ${row.config.region}` : ''}
        </span>
      </>
    ),
  },
  {
    key: 'health',
    head: 'Last minute',
    value: (row) => healthInWords(row).text,
    cell: (row) => <Health row={row} />,
  },
  {
    key: 'service',
    head: 'Service',
    value: (row) => (row.drain ? 'drained' : 'in service'),
    cell: (row) => <DrainButton row={row} />,
  },
  {
    key: 'load',
    head: 'Under way',
    lesser: true,
    value: (row) => loadInWords(row),
    cell: (row) => <span className={isIdle(row) ? 'muted' : ''}>{loadInWords(row)}</span>,
  },
  {
    key: 'price',
    head: 'USD per million in / out',
    numeric: true,
    value: (row) => (row.price ? `${row.price.inputPerMillion} / ${row.price.outputPerMillion}` : null),
    cell: ({ price }) =>
      price ? (
        <span title={price.source}>
          {dollars(price.inputPerMillion)} / {dollars(price.outputPerMillion)}
        </span>
      ) : (
        <span className="tag bad">unpriced</span>
      ),
  },
  {
    key: 'data',
    head: 'Data may go',
    lesser: true,
    value: (row) => policyInWords(row),
    cell: (row) => (
      <span className={row.provider.dataPolicy.party === null ? 'form-error' : ''}>{policyInWords(row)}</span>
    ),
  },
  {
    key: 'calls',
    head: 'Calls',
    numeric: true,
    value: (row) => row.figures.calls,
    cell: (row) => (
      <CallsLink filter={{ deployment: row.name, range: '24h', env: row.sandbox ? 'sandbox' : 'real' }}>
        {formatCount(row.figures.calls)}
      </CallsLink>
    ),
  },
  {
    key: 'errors',
    head: 'Errors',
    numeric: true,
    lesser: true,
    value: (row) => row.figures.errors,
    cell: (row) => formatShare(row.figures.errors, row.figures.calls),
  },
  {
    key: 'p95',
    head: 'p95',
    numeric: true,
    lesser: true,
    value: (row) => row.latency.total.p95,
    cell: (row) => formatMs(row.latency.total.p95),
  },
];

/** In words and by shape, never by colour alone. */
function Health({ row }: { row: DeploymentRow }) {
  const { text, kind, title } = healthInWords(row);
  return (
    <span className={`health ${kind}`} title={title}>
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

function healthInWords({ health, drain }: DeploymentRow): { text: string; kind: string; title?: string } {
  if (drain) {
    const left = health ? health.inFlight + health.waiting : 0;
    const title = `since ${formatAgo(drain.since)} by ${drain.by}${drain.reason === null ? '' : `: ${drain.reason}`}`;
    return {
      text: drain.idle || left === 0 ? 'drained' : `draining, ${plural(left, 'call')} left`,
      kind: 'out',
      title,
    };
  }
  if (!health) return { text: 'not called yet', kind: '' };
  const last = health.lastError
    ? { title: `last error: ${errorInWords(health.lastError.code)}, ${formatAgo(health.lastError.at)}` }
    : {};
  const { state, since, share } = health.circuit;
  if (state === 'ramp')
    return { text: `recovering, ${Math.round(share * 100)} % of calls`, kind: '', ...last };
  if (since !== null) return { text: `circuit open, ${formatAgo(since)}`, kind: 'bad', ...last };
  if (health.calls === 0) {
    const quiet = health.lastOkAt === null ? 'quiet' : `quiet, ok ${formatAgo(health.lastOkAt)}`;
    return { text: quiet, kind: '', ...last };
  }
  if (health.failures === 0) return { text: `${formatCount(health.calls)} ok`, kind: 'good', ...last };
  const failed = `${formatCount(health.failures)} of ${formatCount(health.calls)} failed`;
  return { text: failed, kind: health.failures * 2 > health.calls ? 'bad' : '', ...last };
}

function isIdle({ health, engine }: DeploymentRow): boolean {
  return (health?.inFlight ?? 0) + (health?.waiting ?? 0) + (engine?.load?.waiting ?? 0) === 0;
}

/** Ours first, then what the engine says: `2, 1 waiting; engine: 3 waiting, KV 41 %`. */
function loadInWords({ health, engine }: DeploymentRow): string {
  const waiting = health?.waiting ?? 0;
  const own = `${formatCount(health?.inFlight ?? 0)}${waiting > 0 ? `, ${formatCount(waiting)} waiting` : ''}`;
  const told = engineInWords(engine);
  return told === null ? own : `${own}; engine: ${told}`;
}

function policyInWords({ provider }: DeploymentRow): string {
  const { party, allow, regions } = provider.dataPolicy;
  if (party === null) return 'not declared: nothing is sent';
  const who = { own: 'own machines', private: 'own cloud account', third: 'third party' }[party];
  const classes = allow.length === 4 ? 'all data' : allow.join(', ') || 'nothing';
  return `${who}: ${classes}${regions.length > 0 ? ` (${regions.join(', ')})` : ''}`;
}

function dollars(usd: number): string {
  return `$${usd >= 100 ? Math.round(usd) : Number(usd.toPrecision(3))}`;
}
