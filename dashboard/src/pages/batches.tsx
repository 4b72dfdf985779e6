import './batches.css';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { BatchAnswer } from '../../../src/control/api-types.ts';
import { request } from '../data/api.ts';
import { useBatches, useKeys, useRefreshAll, useStatus } from '../data/queries.ts';
import { Code } from '../parts/code.tsx';
import { DataTable, ExportButton } from '../parts/data-table.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Behind, Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { formatCount, formatShare, plural } from '../words/format.ts';
import { batchColumns, type PartRow, partColumns, progressColumns, saidIn } from './batch-columns.tsx';

/** Batches drawn in the picture. */
const DRAWN = 12;

/** Many calls at once: how far each batch is, and where its lines run. */
export function BatchesPage() {
  const pages = useBatches();
  const keys = useKeys();
  const [cancelling, setCancelling] = useState<BatchAnswer | null>(null);
  if (!pages.data) {
    if (pages.error) return <Failure error={pages.error} retry={() => void pages.refetch()} />;
    return <PageSkeleton name="Batches" />;
  }
  const batches = pages.data.pages.flatMap((page) => page.batches);
  if (batches.length === 0) return <NoBatches />;
  const names = new Map(keys.data?.keys.map(({ id, name }) => [id, name]));
  const known = batchColumns({ nameOf: (id) => names.get(id) ?? id, onCancel: setCancelling });
  const columns = saidIn(known, batches);
  const parts = batches.flatMap((batch) =>
    batch.parts.map((part): PartRow => ({ ...part, batch: batch.id })),
  );
  const drawn = underWayFirst(batches).slice(0, DRAWN);
  return (
    <>
      <PageHead name="Batches" note="The newest first, of every time and every key.">
        <Finding batches={batches} />
      </PageHead>
      <Section title="Progress" aside="lines answered, failed ones apart">
        <ul className="batch-rows">
          {drawn.map((batch) => (
            <Progress key={batch.id} batch={batch} />
          ))}
        </ul>
        <Behind what="the progress of batches">
          <DataTable
            caption="Progress of batches"
            columns={progressColumns}
            rows={drawn}
            rowKey={(batch) => batch.id}
          />
        </Behind>
      </Section>
      {parts.length > 0 && (
        <Section title="At vendors" aside="lines in vendors’ own batches, at their batch price">
          <DataTable
            caption="Parts of batches at vendors"
            columns={saidIn(partColumns, parts)}
            rows={parts}
            rowKey={(part) => part.id}
            limit={20}
          />
        </Section>
      )}
      <Section title="Batches" end={<ExportButton name="batches" columns={columns} rows={batches} />}>
        <DataTable
          caption="Batches, newest first"
          columns={columns}
          rows={batches}
          rowKey={(batch) => batch.id}
        />
        {pages.hasNextPage && (
          <button
            type="button"
            className="button"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            Show older
          </button>
        )}
      </Section>
      {cancelling && <CancelBatch batch={cancelling} onClose={() => setCancelling(null)} />}
    </>
  );
}

function Finding({ batches }: { batches: readonly BatchAnswer[] }) {
  const live = batches.filter(({ endedAt }) => endedAt === null);
  const sum = (some: readonly BatchAnswer[], of: (batch: BatchAnswer) => number) =>
    some.reduce((all, batch) => all + of(batch), 0);
  const failed = sum(batches, (batch) => batch.failed);
  const bad = failed > 0 && (
    <>
      {' '}
      <span className="loud">{plural(failed, 'line')} failed</span>; the error file of each batch says why.
    </>
  );
  if (live.length === 0)
    return (
      <>
        No batch is under way; {plural(batches.length, 'batch', 'batches')} ended with{' '}
        {plural(
          sum(batches, (batch) => batch.completed),
          'answer',
        )}
        .{bad}
      </>
    );
  const total = sum(live, (batch) => batch.total);
  const done = sum(live, (batch) => batch.completed + batch.failed);
  const away = sum(live, ({ parts }) =>
    parts.reduce((lines, part) => lines + (part.state === 'ended' ? 0 : part.lines), 0),
  );
  return (
    <>
      {plural(live.length, 'batch', 'batches')} under way, {formatCount(done)} of {plural(total, 'line')}{' '}
      answered
      {total > 0 && ` (${formatShare(done, total)})`}
      {away > 0 && `; ${plural(away, 'line')} run in vendors’ own batches`}.{bad}
    </>
  );
}

function Progress({ batch }: { batch: BatchAnswer }) {
  const { id, status, total, completed, failed } = batch;
  const share = (lines: number) => ({ width: total === 0 ? '0%' : `${(lines / total) * 100}%` });
  const words = `${formatCount(completed + failed)} of ${formatCount(total)}`;
  return (
    <li>
      <span className="batch-name mono" title={id}>
        {id.slice(0, 16)}… <span className="muted">{status.replace('_', ' ')}</span>
      </span>
      <span
        className="progress"
        role="img"
        aria-label={`${words} lines answered, ${formatCount(failed)} of them failed`}
      >
        <i style={share(completed)} />
        <i className="failed" style={share(failed)} />
      </span>
      <span className="num">
        {words}
        {failed > 0 && <span className="muted">, {formatCount(failed)} failed</span>}
      </span>
    </li>
  );
}

function CancelBatch({ batch, onClose }: { batch: BatchAnswer; onClose: () => void }) {
  const refresh = useRefreshAll();
  const cancel = useMutation({
    mutationFn: () => request('POST', `/api/v1/batches/${encodeURIComponent(batch.id)}/cancel`),
    onSuccess() {
      refresh();
      onClose();
    },
  });
  const left = batch.total - batch.completed - batch.failed;
  const isAway = batch.parts.some(({ state }) => state !== 'ended');
  return (
    <Dialog title="Cancel the batch" onClose={onClose}>
      <div className="dialog-body">
        <p>
          {plural(left, 'line')} of {formatCount(batch.total)} {left === 1 ? 'has' : 'have'} no answer yet and
          will get none but {isAway ? 'what vendors have done by then' : 'those under way'}. What is answered
          is kept, in its file. This cannot be undone.
        </p>
        {cancel.error && <Failure error={cancel.error} />}
        <div className="dialog-end">
          <button type="button" className="button quiet" onClick={onClose}>
            Go on
          </button>
          <button
            type="button"
            className="button danger"
            disabled={cancel.isPending}
            onClick={() => cancel.mutate()}
          >
            Cancel the batch
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function NoBatches() {
  const { data: status } = useStatus();
  const url = status?.url ?? location.origin;
  const model = status?.sandboxOnly ? 'sandbox/small' : 'provider/model';
  return (
    <>
      <PageHead name="Batches">
        No batch yet. A batch is many calls that nobody waits for: a file of requests goes in, a file of
        answers comes out.
      </PageHead>
      <div className="teach prose">
        <ol>
          <li>
            <h3>Write one request per line</h3>
            <Code
              what="a file of requests"
              text={`{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}}`}
            />
          </li>
          <li>
            <h3>Make a batch of it</h3>
            <p className="note">Beside the server, in the name of a key:</p>
            <Code what="the command" text="trimtab batches create requests.jsonl --key app" />
            <p className="note">Or over the API, which OpenAI’s clients speak:</p>
            <Code
              what="a batch by curl"
              text={`curl ${url}/v1/files -H "authorization: Bearer $TRIMTAB_KEY" -F purpose=batch -F file=@requests.jsonl
curl ${url}/v1/batches -H "authorization: Bearer $TRIMTAB_KEY" -H "content-type: application/json" \\
  -d '{"input_file_id":"file_...","endpoint":"/v1/chat/completions","completion_window":"24h"}'`}
            />
          </li>
          <li>
            <h3>Or run the example</h3>
            <Code what="the example" text="TRIMTAB_KEY=tt-... node examples/batch/run.ts" />
          </li>
        </ol>
        <p className="note">
          A vendor with a batch API of its own does such lines within 24 hours, at about half the price.
        </p>
      </div>
    </>
  );
}

/** Under way before ended, each newest first. */
function underWayFirst(batches: readonly BatchAnswer[]): BatchAnswer[] {
  return [...batches].sort((a, b) => Number(a.endedAt !== null) - Number(b.endedAt !== null));
}
