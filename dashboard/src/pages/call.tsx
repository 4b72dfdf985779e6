import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { CallAnswer } from '../../../src/control/api-types.ts';
import { Waterfall } from '../charts/waterfall.tsx';
import { useCall } from '../data/queries.ts';
import { CopyButton } from '../parts/code.tsx';
import { CallsLink, DeploymentName, OutcomeMark } from '../parts/marks.tsx';
import { Failure, PageSkeleton, Section } from '../parts/page.tsx';
import { errorInWords } from '../words/errors.ts';
import { formatBytes, formatMoment, formatMs, formatUsd, plural, shortRevision } from '../words/format.ts';
import { CallUsage } from './call-usage.tsx';

/** One call, opened over the list it was found in. Escape closes it. */
export function CallPanel() {
  const { id } = useParams({ from: '/calls/$id' });
  const search = useSearch({ from: '/calls' });
  const navigate = useNavigate();
  const { data, error, isPlaceholderData } = useCall(id);
  const panel = useRef<HTMLElement>(null);
  const close = useRef(() => {});
  close.current = () => void navigate({ to: '/calls', search, resetScroll: false });
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) close.current();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <aside className="call-panel" ref={panel} tabIndex={-1} aria-label={`Call ${id}`}>
      <div className="panel-bar">
        <button
          type="button"
          className="button quiet"
          onClick={() => close.current()}
          aria-label="Close this call"
        >
          ✕
        </button>
        <span className="mono">{id}</span>
        <CopyButton text={id} what="call id" className="button quiet" />
        <span className="gap" />
      </div>
      {error ? <Failure error={error} /> : null}
      {!data && !error ? <PageSkeleton name="Call" /> : null}
      {data ? (
        <div className={isPlaceholderData ? 'stale' : ''}>
          <CallDetail call={data} />
        </div>
      ) : null}
    </aside>
  );
}

function CallDetail({ call }: { call: CallAnswer }) {
  return (
    <>
      <header>
        <h1 className="page-name row">
          Call <OutcomeMark outcome={call.outcome} errorCode={call.errorCode} />
          {call.sandbox && <span className="env-mark hatched">SANDBOX</span>}
        </h1>
        <p className="headline">{tell(call)}</p>
        {call.errorMessage && (
          <p className="note form-error">
            {call.errorMessage} <code>{call.errorCode}</code>
          </p>
        )}
      </header>
      <Section title="What happened, when">
        <Waterfall call={call} />
      </Section>
      <CallUsage call={call} />
      <Facts call={call} />
      <Scores call={call} />
      <Payload call={call} />
    </>
  );
}

/** The call in one sentence. */
function tell(call: CallAnswer): string {
  const who = call.user ? ` for ${call.user}` : '';
  const what = call.task === 'untasked' ? `A call of ${call.requestedModel ?? 'no model'}` : call.task;
  const cost = call.unpriced
    ? 'has no price'
    : call.costNanoUsd === null
      ? 'cost nothing we know of'
      : `cost ${formatUsd(call.costNanoUsd)}`;
  if (call.outcome === 'refused')
    return `${what}${who} was refused before any attempt: ${errorInWords(call.errorCode)}.`;
  const tries =
    call.attempts.length > 1 ? `, after ${plural(call.attempts.length - 1, 'failed attempt')}` : '';
  if (call.outcome === 'error') {
    return `${what}${who} failed after ${formatMs(call.durationMs)} and ${plural(call.attempts.length, 'attempt')}: ${errorInWords(call.errorCode)}.`;
  }
  if (call.outcome === 'client_left') {
    return `${what}${who}: the app hung up after ${formatMs(call.durationMs)}; what was used ${cost}.`;
  }
  return `${what}${who} was answered by ${call.deployment} in ${formatMs(call.durationMs)}${tries} and ${cost}.`;
}

function Facts({ call }: { call: CallAnswer }) {
  const { task, user, deployment } = call;
  return (
    <Section title="Facts">
      <dl className="facts">
        <dt>Started</dt>
        <dd>{formatMoment(call.startedAt)}</dd>
        <dt>Task</dt>
        <dd>
          <Link className="link" to="/tasks/$name" params={{ name: task }}>
            {task}
          </Link>
          {call.requestedModel !== null && call.requestedModel !== task && (
            <span className="muted"> asked for as {call.requestedModel}</span>
          )}
        </dd>
        <dt>User</dt>
        <dd>{user === null ? 'not named' : <CallsLink filter={{ user }}>{user}</CallsLink>}</dd>
        <dt>Answered by</dt>
        <dd>
          {deployment === null ? (
            'nobody'
          ) : (
            <CallsLink filter={{ deployment }}>
              <DeploymentName name={deployment} />
            </CallsLink>
          )}
          {call.model && <span className="muted"> model {call.model}</span>}
        </dd>
        <dt>Data class</dt>
        <dd>{call.dataClass}</dd>
        <dt>Protocol</dt>
        <dd>
          {call.operation ? <span className="mono">{call.operation}</span> : call.protocol},{' '}
          {call.streamed ? 'streamed' : 'plain'}, status {call.status}
          {call.finishReason ? `, finished by ${call.finishReason}` : ''}
        </dd>
        <dt>Size</dt>
        <dd>
          {formatBytes(call.requestBytes)} in, {formatBytes(call.responseBytes)} out
        </dd>
        <dt>Revision</dt>
        <dd>
          <Link className="link mono" to="/stack">
            {shortRevision(call.revision)}
          </Link>
          <span className="muted">{call.revisionActive ? ' serves now' : ' no longer serves'}</span>
        </dd>
        {Object.entries(call.tags).map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function Scores({ call }: { call: CallAnswer }) {
  if (call.feedback.length === 0) return null;
  return (
    <Section title="Feedback">
      <ul>
        {call.feedback.map((score) => (
          <li key={score.id} className="row">
            <span className={`tag ${score.score >= 0.5 ? 'good' : 'bad'}`}>{score.score}</span>
            <span>{score.name}</span>
            <span className="muted">{formatMoment(score.createdAt)}</span>
            {score.comment && <span>{score.comment}</span>}
            {score.correction && <span>Corrected to: {score.correction}</span>}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Payload({ call }: { call: CallAnswer }) {
  if (!call.payload) {
    return (
      <Section title="Payload">
        <p className="muted">
          Not kept. A task keeps its payloads with <code>capture: &#39;full&#39;</code>.
        </p>
      </Section>
    );
  }
  return (
    <>
      <Section title="Request" end={<CopyButton text={call.payload.request} what="request" />}>
        <pre className="payload">{indent(call.payload.request)}</pre>
      </Section>
      <Section title="Answer" end={<CopyButton text={call.payload.response} what="answer" />}>
        <pre className="payload">{indent(call.payload.response)}</pre>
      </Section>
    </>
  );
}

/** JSON on several lines; what is not JSON (a stream) as it is. */
function indent(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
