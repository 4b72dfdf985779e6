import { Link } from '@tanstack/react-router';
import type { CSSProperties, ReactNode } from 'react';
import type { Outcome } from '../../../src/core/call-record.ts';
import type { CallsSearch } from '../data/call-filter.ts';
import { seriesColour } from '../look/series.ts';
import { errorInWords, OUTCOME_WORDS } from '../words/errors.ts';
import { formatChange, formatUsd } from '../words/format.ts';

/** A deployment's name behind its colour. */
export function DeploymentName({ name }: { name: string | null }) {
  return (
    <>
      <i className="swatch" style={{ '--bar': seriesColour(name) } as CSSProperties} aria-hidden="true" />
      {name ?? 'none'}
    </>
  );
}

/** A figure that leads to the calls it is made of. */
export function CallsLink({ filter, children }: { filter: CallsSearch; children: ReactNode }) {
  return (
    <Link to="/calls" search={filter}>
      {children}
    </Link>
  );
}

/** A bar from zero; its length is the share of `of`. */
export function Bar({ value, of, colour }: { value: number; of: number; colour?: string }) {
  if (value <= 0) return null;
  const width = of > 0 ? `${Math.max(0, (value / of) * 100)}%` : '0%';
  return (
    <span
      className="bar"
      style={{ width, ...(colour ? { '--bar': colour } : {}) } as CSSProperties}
      aria-hidden="true"
    />
  );
}

/** Spend of a group, with what is missing from it said aloud. */
export function Spend({ cost, unpriced, calls }: { cost: number; unpriced: number; calls: number }) {
  if (unpriced === 0) return <>{formatUsd(cost)}</>;
  if (unpriced >= calls) return <span className="tag bad">unpriced</span>;
  return (
    <>
      <span className="tag bad" title={`${unpriced} of ${calls} calls have no price and are not in this sum`}>
        +{unpriced} unpriced
      </span>{' '}
      {formatUsd(cost)}
    </>
  );
}

/** Change against the window before; more is not always worse, so it carries no colour. */
export function Change({ now, before }: { now: number; before: number }) {
  const text = formatChange(now, before);
  return text === '' ? null : <span className="muted">{text}</span>;
}

export function OutcomeMark({ outcome, errorCode }: { outcome: Outcome; errorCode: string | null }) {
  if (outcome === 'ok') return <span className="muted">{OUTCOME_WORDS.ok}</span>;
  const kind = outcome === 'error' ? 'bad' : 'warn';
  return (
    <span className={`tag ${kind}`} title={errorCode ? errorInWords(errorCode) : undefined}>
      {OUTCOME_WORDS[outcome]}
    </span>
  );
}
