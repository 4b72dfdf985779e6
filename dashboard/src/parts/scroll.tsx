import type { ReactNode } from 'react';

/** A stretch that scrolls by itself: it can be reached and scrolled by keyboard, and says what it holds. */
export function Scroll(props: { label: string; className?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={props.className} tabIndex={0} aria-label={props.label}>
      {props.children}
    </section>
  );
}
