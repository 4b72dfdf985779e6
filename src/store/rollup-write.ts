import type { Transaction } from 'kysely';
import { createHistogram, encode, type Histogram, merge } from '../core/histogram.ts';
import type { Cell, Row } from './bulk-table.ts';
import type { Engine } from './engines/engine.ts';
import { floorTo, GRAINS } from './rollup-grains.ts';
import { type Database, FIGURE_COLUMNS, ROLLUPS } from './schema.ts';
import type { Dimension } from './store.ts';

/** Writes of rollups, by the fold of what is pending. */

/** What a group of calls adds. */
export interface Sum {
  at: number;
  sandbox: number;
  values: Readonly<Record<Exclude<Dimension, 'user'>, string>>;
  /** In the order of {@link FIGURE_COLUMNS}. */
  figures: number[];
  /** `null`: no call of the group has the figure, or latency is not asked for. */
  ttft: Histogram | null;
  total: Histogram | null;
}

export function createSum(of: Pick<Sum, 'at' | 'sandbox' | 'values'>): Sum {
  return { ...of, figures: FIGURE_COLUMNS.map(() => 0), ttft: null, total: null };
}

/** Adds sums of hours, told apart by task, deployment and key, to every grain and tier. */
export async function addSums(
  trx: Transaction<Database>,
  engine: Engine,
  sums: readonly Sum[],
): Promise<void> {
  const rows: Row[] = [];
  for (const { id, dimensions, tiers, latency } of GRAINS) {
    const [task, deployment, key] = (['task', 'deployment', 'key'] as const).map((name) =>
      dimensions.includes(name),
    );
    // A tier is made from the one below it, of which there are fewer than sums.
    let finer = sums;
    for (const tier of tiers.toReversed()) {
      finer = groupSums(finer, dimensions, { tier, latency });
      for (const sum of finer) {
        const row: Cell[] = [sum.at, tier, id, sum.sandbox];
        for (const figure of sum.figures) row.push(figure === 0 ? null : figure);
        const { values, ttft, total } = sum;
        row.push(task ? values.task : '', deployment ? values.deployment : '', key ? values.key : '');
        row.push(ttft && encode(ttft), total && encode(total));
        rows.push(row);
      }
    }
  }
  await engine.addUp(trx, ROLLUPS, rows);
}

/** Adds up sums that agree in bucket, sandbox and `dimensions`, in order of these. Leaves its input as it is. */
function groupSums(
  sums: readonly Sum[],
  dimensions: readonly Exclude<Dimension, 'user'>[],
  want: { tier: number; latency: boolean },
): Sum[] {
  const groups = new Map<string, Sum>();
  for (const sum of sums) {
    const at = floorTo(sum.at, want.tier);
    let name = `${at}\0${sum.sandbox}`;
    for (const dimension of dimensions) name += `\0${sum.values[dimension]}`;
    const group = groups.get(name);
    if (group) addSum(group, sum, want.latency);
    else groups.set(name, copySum(sum, at, want.latency));
  }
  // In key order, as the tables are kept: neighbours share a page.
  return [...groups].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([, group]) => group);
}

function addSum(into: Sum, from: Sum, latency: boolean): void {
  for (let i = 0; i < into.figures.length; i++)
    into.figures[i] = (into.figures[i] ?? 0) + (from.figures[i] ?? 0);
  if (!latency) return;
  into.ttft = mergedInto(into.ttft, from.ttft);
  into.total = mergedInto(into.total, from.total);
}

function copySum(sum: Sum, at: number, latency: boolean): Sum {
  const copy: Sum = { ...sum, at, figures: [...sum.figures], ttft: null, total: null };
  if (latency) {
    copy.ttft = mergedInto(null, sum.ttft);
    copy.total = mergedInto(null, sum.total);
  }
  return copy;
}

function mergedInto(into: Histogram | null, from: Histogram | null): Histogram | null {
  if (!from) return into;
  const merged = into ?? createHistogram();
  merge(merged, from);
  return merged;
}
