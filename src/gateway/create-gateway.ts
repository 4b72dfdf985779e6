import { createThroughputMeter } from '../evidence/throughput.ts';
import { resumedBetween } from '../routing/drained.ts';
import { createGates } from '../routing/gates.ts';
import { createHealth } from '../routing/health.ts';
import { createLatencies } from '../routing/latencies.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { route, streamsBody } from './routes.ts';
import { takesCalls } from './stages/admit.ts';
import { type GatewayState, prepareServing } from './state.ts';
import { Roster } from './under-way.ts';
import { createUpstream } from './upstream/upstream.ts';
import { Deadlines } from './watch.ts';

const DRAIN_CHECK_MS = 10;

/** What a gateway works with; nothing of it is under way yet. */
export function createGatewayState(options: GatewayOptions): GatewayState {
  return {
    options,
    policies: new Map(options.policies.map((policy) => [policy.name, policy])),
    upstream: createUpstream(options.localVendors, options.clock),
    health: createHealth(options.clock),
    gates: createGates(options.clock),
    latencies: createLatencies(options.clock),
    hedgeBudgets: new Map(),
    throughput: createThroughputMeter(),
    deadlines: new Deadlines(options.clock),
    calls: new Roster(),
    serving: prepareServing(options.snapshot, options),
    engines: {},
    callsServed: 0,
    openStreams: 0,
    leaving: false,
    draining: false,
  };
}

/** @see Gateway */
export function createGateway(options: GatewayOptions): Gateway {
  const state = createGatewayState(options);
  const cutAll = (): void => {
    for (const call of state.calls.list()) call.cut();
  };
  return {
    handle: (request, response) => route(state, request, response),
    streamsBody,
    update(snapshot) {
      const { stack } = snapshot;
      for (const name of resumedBetween(state.serving.snapshot, snapshot))
        state.health.resumed(name, stack.deployments[name]?.breaker);
      state.serving = prepareServing(snapshot, options);
    },
    setEngines(reports) {
      state.engines = reports;
    },
    health: () => ({
      deployments: state.health.views().map((view) => ({
        ...view,
        waiting: state.gates.waiting(view.deployment),
        measuredTokensPerSecond: state.throughput.tokensPerSecond(view.deployment, options.clock.now()),
      })),
      drained: Object.keys(state.serving.snapshot.drained ?? {}),
      callsServed: state.callsServed,
      openStreams: state.openStreams,
    }),
    takesCalls: () => takesCalls(state),
    async drain({ noticeMs, deadlineMs }) {
      state.leaving = true;
      if (noticeMs > 0) await new Promise<void>((resolve) => options.clock.after(noticeMs, resolve));
      state.draining = true;
      await waitUntilIdle(state, deadlineMs);
      cutAll();
    },
    async close() {
      state.leaving = true;
      state.draining = true;
      cutAll();
      await state.upstream.close();
    },
  };
}

/** Resolves when no call is under way, or at the deadline. */
function waitUntilIdle({ calls, options: { clock } }: GatewayState, deadlineMs: number): Promise<void> {
  if (calls.size === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      deadline.stop();
      check.stop();
      resolve();
    };
    const deadline = clock.after(deadlineMs, finish);
    const check = clock.every(DRAIN_CHECK_MS, () => {
      if (calls.size === 0) finish();
    });
  });
}
