import './recommendations.css';
import { effectInWords } from '../../../src/advisor/recommendation/effect-words.ts';
import type { RecommendationAnswer } from '../../../src/control/api-types.ts';
import { useRecommendations, useRenew } from '../data/advice-queries.ts';
import { Code } from '../parts/code.tsx';
import { Failure, Section, Skeleton } from '../parts/page.tsx';
import { RecommendationActs, StateMark } from '../parts/recommendation-acts.tsx';
import { formatAgo, formatCount, formatMoment, plural } from '../words/format.ts';
import { STATE_WORDS } from '../words/recommendation.ts';

/** What was proposed for a task, what was decided, and what came of it. */
export function RecommendationsSection({ task }: { task: string }) {
  const { data, error, refetch } = useRecommendations(task);
  const all = data?.recommendations ?? [];
  const open = all.filter(({ state }) => state !== 'rejected' && state !== 'realised');
  const closed = all.filter((one) => !open.includes(one));
  return (
    <Section title="Recommendations" aside="from the proposal to what was measured">
      {error && !data && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton width="100%" height={96} />}
      {data && all.length === 0 && (
        <p>
          Nothing is proposed: what runs is what is advised. When prices, traffic or the profile change,
          proposals come here.
        </p>
      )}
      <ul className="recommendations">
        {open.map((one) => (
          <Recommendation key={one.id} one={one} />
        ))}
      </ul>
      {closed.length > 0 && (
        <details className="behind">
          <summary>{plural(closed.length, 'recommendation')} rejected or realised</summary>
          <ul className="recommendations">
            {closed.map((one) => (
              <Recommendation key={one.id} one={one} />
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}

function Recommendation({ one }: { one: RecommendationAnswer }) {
  const { title, state, doubt, why, proof, command, predictedUsdPerMonth, realised } = one;
  return (
    <li>
      <h3>
        {title} <StateMark state={state} doubt={doubt} />
      </h3>
      {doubt !== null && <p className="doubt">{sentence(doubt)}</p>}
      <p>{why}</p>
      <p>
        Predicted: <strong>{effectInWords(predictedUsdPerMonth)}</strong>.{' '}
        {realised && (
          <>
            Measured: <strong>{effectInWords(realised.usdPerMonth)}</strong>, from{' '}
            {formatCount(realised.callsBefore)} sampled calls before and {formatCount(realised.callsAfter)}{' '}
            since
            {realised.inside === null
              ? ''
              : realised.inside
                ? '; inside the prediction'
                : '; outside the prediction'}
            .
          </>
        )}
      </p>
      <small>Proof: {proof}</small>
      {command !== null && state !== 'rejected' && <Code text={command} what={`the command for: ${title}`} />}
      <RecommendationActs of={one} />
      <Behind one={one} />
    </li>
  );
}

function Behind({ one: { evidence, history, title } }: { one: RecommendationAnswer }) {
  return (
    <details className="behind">
      <summary>
        Evidence and history<span className="sr-only"> of {title}</span>
      </summary>
      <dl className="facts">
        {evidence.map(({ fact, value, source }) => (
          <div key={fact}>
            <dt>{fact}</dt>
            <dd>
              {value} <span className="muted">{source}</span>
            </dd>
          </div>
        ))}
      </dl>
      <ol className="life">
        {history.map(({ at, from, to, by, note }, index) => (
          <li key={`${at}-${index.toString()}`}>
            <time dateTime={new Date(at).toISOString()}>{formatMoment(at)}</time>{' '}
            {from === to ? 'noted' : STATE_WORDS[to]} by {by}
            {note !== null && `: ${note}`}
          </li>
        ))}
      </ol>
    </details>
  );
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** When the advice was worked out, and what has changed since. */
export function Freshness({ task, at, stale }: { task: string; at: number; stale: readonly string[] }) {
  const renew = useRenew(task);
  if (stale.length === 0) return null;
  return (
    <div className="banner section">
      <p>
        <strong>Worked out {formatAgo(at)}.</strong> Since then: {stale.join('; ')}. It is renewed in the
        background within a minute or two.
      </p>
      <button type="button" className="button" disabled={renew.isPending} onClick={() => renew.mutate()}>
        {renew.isPending ? 'Working it out' : 'Renew now'}
      </button>
    </div>
  );
}
