/** One stretch of the picture of where calls go. */
export interface Flow {
  from: string;
  to: string;
  calls: number;
}

export interface FlowNode {
  name: string;
  calls: number;
  y: number;
  height: number;
}

export interface FlowBand extends Flow {
  /** Top edges on either side, and the thickness. */
  fromY: number;
  toY: number;
  thickness: number;
}

export interface FlowLayout {
  left: FlowNode[];
  right: FlowNode[];
  bands: FlowBand[];
  height: number;
}

/** Space between nodes, and the least height a label needs. */
const GAP = 12;
const LEAST = 28;

/**
 * Two columns with bands between them whose thickness is the share of calls. Largest first on the left; the right in
 * the order that crosses least: by where their bands come from. A node is never thinner than its label, so thin ones
 * are padded; bands keep true thickness.
 */
export function layOutFlows(flows: readonly Flow[], span: number): FlowLayout {
  const total = flows.reduce((sum, flow) => sum + flow.calls, 0);
  if (total === 0) return { left: [], right: [], bands: [], height: 0 };
  const scale = span / total;
  const left = column(flows, (flow) => flow.from, scale);
  const place = new Map(left.map((node, index) => [node.name, index]));
  const weight = (name: string): number => {
    const own = flows.filter((flow) => flow.to === name);
    const calls = own.reduce((sum, flow) => sum + flow.calls, 0);
    return own.reduce((sum, flow) => sum + (place.get(flow.from) ?? 0) * flow.calls, 0) / Math.max(1, calls);
  };
  const right = stackUp(
    column(flows, (flow) => flow.to, scale).sort((a, b) => weight(a.name) - weight(b.name)),
  );
  const height = Math.max(bottom(left), bottom(right));
  centre(left, height);
  centre(right, height);
  return { left, right, bands: toBands(flows, left, right, scale), height };
}

function column(flows: readonly Flow[], side: (flow: Flow) => string, scale: number): FlowNode[] {
  const calls = new Map<string, number>();
  for (const flow of flows) calls.set(side(flow), (calls.get(side(flow)) ?? 0) + flow.calls);
  const nodes = [...calls]
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => ({ name, calls: count, y: 0, height: Math.max(LEAST, count * scale) }));
  return stackUp(nodes);
}

function stackUp(nodes: FlowNode[]): FlowNode[] {
  let y = 0;
  for (const node of nodes) {
    node.y = y;
    y += node.height + GAP;
  }
  return nodes;
}

function bottom(nodes: readonly FlowNode[]): number {
  const last = nodes.at(-1);
  return last ? last.y + last.height : 0;
}

function centre(nodes: FlowNode[], height: number): void {
  const shift = (height - bottom(nodes)) / 2;
  for (const node of nodes) node.y += shift;
}

function toBands(
  flows: readonly Flow[],
  left: readonly FlowNode[],
  right: readonly FlowNode[],
  scale: number,
): FlowBand[] {
  const order = new Map(right.map((node, index) => [node.name, index]));
  const from = new Map(left.map((node) => [node.name, node.y + (node.height - node.calls * scale) / 2]));
  const to = new Map(right.map((node) => [node.name, node.y + (node.height - node.calls * scale) / 2]));
  const rank = new Map(left.map((node, index) => [node.name, index]));
  return [...flows]
    .sort(
      (a, b) =>
        (rank.get(a.from) ?? 0) - (rank.get(b.from) ?? 0) || (order.get(a.to) ?? 0) - (order.get(b.to) ?? 0),
    )
    .map((flow) => {
      const thickness = flow.calls * scale;
      const fromY = from.get(flow.from) ?? 0;
      const toY = to.get(flow.to) ?? 0;
      from.set(flow.from, fromY + thickness);
      to.set(flow.to, toY + thickness);
      return { ...flow, fromY, toY, thickness };
    });
}
