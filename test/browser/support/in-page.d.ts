/** Controls, links and pictures without a name a screen reader could say. */
export function findNameless(): string[];
/** Text that is harder to read than WCAG AA allows. */
export function findFaint(): string[];
/** Pixels by which the page is wider than the window. */
export function overflowOf(): number;
/** Headings, landmarks and the language a screen reader steers by. */
export function findMissingLandmarks(): string[];
/** What has the focus, and whether that can be seen; `null` when nothing has. */
export function describeFocus(): string | null;
