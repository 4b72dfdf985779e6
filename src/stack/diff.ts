import { type ConfigPath, formatPath } from './config-path.ts';

/** One leaf that differs. `before` / `after` absent: not there. */
export interface StackChange {
  path: string;
  before?: unknown;
  after?: unknown;
}

interface Leaf {
  path: ConfigPath;
  value: unknown;
}

/** What changed from one stack to another, leaf by leaf, in path order. An empty list or object is a leaf. */
export function diffStacks(from: unknown, to: unknown): StackChange[] {
  const before = leavesOf(from);
  const after = leavesOf(to);
  const changes: { path: ConfigPath; change: StackChange }[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(key);
    const next = after.get(key);
    if (old && next && isSameLeaf(old.value, next.value)) continue;
    const { path } = (old ?? next) as Leaf;
    changes.push({
      path,
      change: {
        path: key,
        ...(old ? { before: old.value } : {}),
        ...(next ? { after: next.value } : {}),
      },
    });
  }
  return changes.sort((a, b) => comparePaths(a.path, b.path)).map(({ change }) => change);
}

function leavesOf(root: unknown): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const visit = (value: unknown, path: ConfigPath): void => {
    const isNode = typeof value === 'object' && value !== null;
    const entries: [string | number, unknown][] = Array.isArray(value)
      ? value.map((item, index) => [index, item])
      : isNode
        ? Object.entries(value)
        : [];
    if (entries.length === 0) leaves.set(formatPath(path), { path, value });
    for (const [key, item] of entries) visit(item, [...path, key]);
  };
  visit(root, []);
  return leaves;
}

function isSameLeaf(a: unknown, b: unknown): boolean {
  const isNode = (value: unknown): boolean => typeof value === 'object' && value !== null;
  return isNode(a) && isNode(b) ? Array.isArray(a) === Array.isArray(b) : Object.is(a, b);
}

/** Names by code unit, list places by number. */
function comparePaths(a: ConfigPath, b: ConfigPath): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i] as string | number, b[i] as string | number];
    if (x === y) continue;
    if (typeof x === 'number' && typeof y === 'number') return x - y;
    return String(x) < String(y) ? -1 : 1;
  }
  return a.length - b.length;
}
