import type { ReactNode } from 'react';
import { ApiFailure } from '../data/api.ts';

/** The opening of every page: its name, then the finding in one sentence. */
export function PageHead({
  name,
  children,
  note,
}: {
  name: ReactNode;
  children: ReactNode;
  note?: ReactNode;
}) {
  return (
    <header>
      <h1 className="page-name">{name}</h1>
      <p className="headline">{children}</p>
      {note && <p className="note">{note}</p>}
    </header>
  );
}

export function Section(props: { title: string; aside?: ReactNode; end?: ReactNode; children: ReactNode }) {
  return (
    <section className="section" aria-label={props.title}>
      <div className="section-head">
        <h2>{props.title}</h2>
        {props.aside && <span className="aside">{props.aside}</span>}
        {props.end && <span className="end">{props.end}</span>}
      </div>
      {props.children}
    </section>
  );
}

/** The table a picture is drawn from, one press away, for everyone. */
export function Behind({ what, children }: { what: string; children: ReactNode }) {
  return (
    <details className="behind">
      <summary>
        Table<span className="sr-only"> of {what}</span>
      </summary>
      {children}
    </details>
  );
}

/** Stands where a page will be while its first figures are on their way. */
export function PageSkeleton({ name }: { name: string }) {
  return (
    <div aria-busy="true">
      <h1 className="page-name">{name}</h1>
      <Skeleton width="min(560px, 100%)" height={24} top={8} />
      <Skeleton width="100%" height={240} top={32} />
      {[0, 1, 2, 3, 4].map((row) => (
        <Skeleton key={row} width="100%" height={16} top={row === 0 ? 32 : 16} />
      ))}
    </div>
  );
}

export function Skeleton({ width, height, top = 0 }: { width: string; height: number; top?: number }) {
  return <span className="skeleton" style={{ width, height, marginTop: top }} />;
}

/** A failed request in the catalogue's words: what is wrong, then what to do. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const [message, advice] =
    error instanceof ApiFailure
      ? [error.message, error.advice]
      : ['This page met an error.', error instanceof Error ? error.message : String(error)];
  return (
    <div className="banner bad" role="alert">
      <p>
        <strong>{message}</strong> {advice}
      </p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
