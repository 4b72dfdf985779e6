import './stack.css';
import type { StackAnswer } from '../../../src/control/api-types.ts';
import { FlowPicture, NOWHERE } from '../charts/flow.tsx';
import type { Flow } from '../charts/flow-layout.ts';
import { useRevisions, useStack } from '../data/queries.ts';
import { type Scope, useScope } from '../data/scope.ts';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { Behind, Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { formatAgo, formatCount, plural, shortRevision } from '../words/format.ts';
import { Revisions } from './revisions.tsx';
import { Engines } from './stack-engines.tsx';
import { deploymentColumns } from './stack-tables.tsx';

/** What serves: where calls flow, which deployments answer them, and how it came to be. */
export function StackPage() {
  const scope = useScope();
  const { data, error, refetch } = useStack();
  const revisions = useRevisions();
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name="Stack" />;
  const flows = toFlows(data, scope);
  const activated = revisions.data?.history.find((entry) => entry.revision === data.revision);
  return (
    <>
      <PageHead
        name="Stack"
        note={`Revision ${shortRevision(data.revision)}, ${sourceInWords(data)}${activated ? `, serving since ${formatAgo(activated.at)}` : ''}. Figures are of the last 24 hours.`}
      >
        {tell(data, flows)}
      </PageHead>
      {flows.length > 0 && (
        <>
          <FlowPicture flows={flows} sandbox={scope.sandbox} />
          <Behind what="where calls flow">
            <DataTable
              caption="Calls by task and deployment, last 24 hours"
              columns={flowColumns}
              rows={flows}
              rowKey={(flow) => `${flow.from} ${flow.to}`}
            />
            <ExportButton name="flows" columns={flowColumns} rows={flows} />
          </Behind>
        </>
      )}
      <Section
        title="Deployments"
        end={<ExportButton name="deployments" columns={deploymentColumns} rows={data.deployments} />}
      >
        <DataTable
          caption="Deployments with health, price and data policy"
          columns={deploymentColumns}
          rows={data.deployments}
          rowKey={(row) => row.name}
        />
      </Section>
      <Engines />
      {revisions.data && <Revisions answer={revisions.data} />}
    </>
  );
}

function tell(data: StackAnswer, flows: readonly Flow[]): string {
  const tasks = Object.keys(data.stack.tasks).length;
  const providers = Object.keys(data.stack.providers).length;
  const failing = data.deployments.filter(
    ({ health }) => health && health.calls > 0 && health.failures * 2 > health.calls,
  );
  const drained = data.deployments.filter(({ drain }) => drain !== null);
  const unpriced = data.deployments.filter(({ price }) => price === null);
  const parts = [
    `${plural(tasks, 'task')} on ${plural(data.deployments.length, 'deployment')} of ${plural(providers, 'provider')}`,
  ];
  if (failing.length > 0)
    parts.push(`${failing.map(({ name }) => name).join(', ')} failed most calls of the last minute`);
  else if (flows.length > 0) parts.push('none is failing now');
  if (drained.length > 0)
    parts.push(
      `${drained.map(({ name }) => name).join(', ')} ${drained.length === 1 ? 'is' : 'are'} drained`,
    );
  const gone = data.deployments.filter(({ engine }) => engine?.served === false);
  if (gone.length > 0)
    parts.push(`the engine of ${gone.map(({ name }) => name).join(', ')} does not serve that model any more`);
  if (unpriced.length > 0)
    parts.push(
      `${unpriced.map(({ name }) => name).join(', ')} ${unpriced.length === 1 ? 'has' : 'have'} no price`,
    );
  return `${parts.join('; ')}.`;
}

function sourceInWords({ source, origin }: StackAnswer): string {
  if (source === 'file') return `from ${origin.split(/[\\/]/).at(-1)}`;
  if (source === 'discovered') return `found by itself: ${origin}`;
  return origin === 'API' ? 'set through the API' : origin;
}

/** Flows of the environment that is looked at; calls nobody answered are shown where anything is. */
function toFlows(data: StackAnswer, scope: Scope): Flow[] {
  const sandbox = new Map(data.deployments.map((row) => [row.name, row.sandbox]));
  return data.flows
    .filter(
      ({ deployment, calls }) =>
        calls > 0 && (deployment === null || (sandbox.get(deployment) ?? false) === scope.sandbox),
    )
    .map(({ task, deployment, calls }) => ({ from: task, to: deployment ?? NOWHERE, calls }));
}

const flowColumns: Column<Flow>[] = [
  { key: 'from', head: 'Task', value: (flow) => flow.from, cell: (flow) => flow.from },
  { key: 'to', head: 'Deployment', value: (flow) => flow.to, cell: (flow) => flow.to },
  {
    key: 'calls',
    head: 'Calls',
    numeric: true,
    value: (flow) => flow.calls,
    cell: (flow) => formatCount(flow.calls),
  },
];
