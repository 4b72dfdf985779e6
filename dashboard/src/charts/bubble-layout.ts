/** Where each task stands in the picture of spend and risk. Pure: percent across, pixels down. */

export interface BubbleTask {
  task: string;
  /** USD of the window; `null`: not known. */
  usd: number | null;
  risk: number;
  /** USD a month its next move saves; 0: none. */
  saves: number;
}

export interface Bubble<T extends BubbleTask> {
  task: T;
  /** Percent of the width. */
  x: number;
  /** Pixels from the top. */
  y: number;
  radius: number;
  /** Named in the picture: what stands out by spend times risk, as long as names do not touch. */
  named: 'always' | 'wide' | 'never';
}

export interface BubbleScale {
  height: number;
  top: number;
  bottom: number;
  maxRisk: number;
  /** USD; powers of ten. */
  low: number;
  high: number;
  x(usd: number | null): number;
  y(risk: number): number;
}

const TOP = 24;
const BOTTOM = 44;
const MIN_RADIUS = 5;
const MAX_RADIUS = 18;
/** Percent of the width: a lane on the left for tasks whose spend is not known. */
const UNKNOWN_LANE = 8;
const RIGHT = 96;
/** Names of so many on a wide page, and of so many on a narrow one. */
const WIDE_NAMES = 12;
const NARROW_NAMES = 3;

export function toBubbleScale(tasks: readonly BubbleTask[]): BubbleScale {
  const spends = tasks.flatMap(({ usd }) => (usd !== null && usd > 0 ? [usd] : []));
  const low = 10 ** Math.floor(Math.log10(Math.max(0.01, Math.min(...spends, 1_000))));
  const high = Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(...spends, low))));
  const maxRisk = Math.max(4, ...tasks.map(({ risk }) => risk));
  const height = Math.min(440, Math.max(240, TOP + BOTTOM + (maxRisk + 1) * 32));
  const isLane = tasks.some(({ usd }) => usd === null);
  const left = isLane ? UNKNOWN_LANE + 6 : 4;
  const step = (height - TOP - BOTTOM) / maxRisk;
  return {
    height,
    top: TOP,
    bottom: height - BOTTOM,
    maxRisk,
    low,
    high,
    x: (usd) =>
      usd === null
        ? UNKNOWN_LANE / 2
        : left + (Math.log10(Math.max(usd, low) / low) / Math.log10(high / low)) * (RIGHT - left),
    y: (risk) => height - BOTTOM - risk * step,
  };
}

export function layOutBubbles<T extends BubbleTask>(tasks: readonly T[], scale: BubbleScale): Bubble<T>[] {
  const most = Math.max(1e-9, ...tasks.map(({ saves }) => saves));
  const weight = ({ usd, risk }: BubbleTask) => (usd ?? 0) * (risk + 1);
  const ranked = [...tasks].sort((a, b) => weight(b) - weight(a));
  const names: { x: number; y: number }[] = [];
  const placed: Bubble<T>[] = ranked.map((task, rank) => {
    const x = scale.x(task.usd);
    const y = scale.y(task.risk);
    // Area stands for what it saves.
    const radius = MIN_RADIUS + Math.sqrt(Math.max(0, task.saves) / most) * (MAX_RADIUS - MIN_RADIUS);
    const isFree = names.every((other) => Math.abs(other.x - x) > 14 || Math.abs(other.y - y) > 18);
    const isNamed = isFree && rank < WIDE_NAMES && task.usd !== null;
    if (isNamed) names.push({ x, y });
    const named = !isNamed ? 'never' : names.length <= NARROW_NAMES ? 'always' : 'wide';
    return { task, x, y, radius, named };
  });
  // Large ones first, so that small ones lie on top and can be pressed.
  return placed.sort((a, b) => b.radius - a.radius);
}
