/** What a load test sends: calls somebody has, those of a task, a trace that comes with Trimtab, or calls of one size. */
import { z } from 'zod';
import { fixedWorkload } from '../../capacity/load-test/run-load-test.ts';
import { BUILT_IN_TRACES, readBuiltInTrace } from '../../capacity/simulator/trace-file.ts';
import { toWorkload, type Workload } from '../../capacity/simulator/workload.ts';
import { TrimtabError } from '../../core/error.ts';
import type { Store } from '../../store/store.ts';
import { readTaskEvidence } from '../advice/task-evidence.ts';

/** Calls kept of a longer trace: its first. */
export const MOST_CALLS = 5_000;
const tokens = z.number().int().min(1).max(2_000_000);

export const workloadBody = z.union([
  z.strictObject({
    name: z.string().min(1).max(200).describe('Where the calls are from.'),
    calls: z
      .array(z.tuple([z.number().min(0), tokens, tokens]))
      .min(1)
      .max(MOST_CALLS)
      .describe('Milliseconds after the first, input tokens, output tokens.'),
  }),
  z.strictObject({ task: z.string().min(1).max(200).describe('Sizes and busiest hour of its calls.') }),
  z.strictObject({ trace: z.enum(BUILT_IN_TRACES) }),
  z.strictObject({ inputTokens: tokens, outputTokens: tokens }),
]);

/** A workload as JSON. */
export type WrittenWorkload = Record<keyof Workload, number[]>;

export function fromWritten({ atMs, inputTokens, outputTokens }: WrittenWorkload): Workload {
  return {
    atMs: Float64Array.from(atMs),
    inputTokens: Int32Array.from(inputTokens),
    outputTokens: Int32Array.from(outputTokens),
  };
}

/** Throws invalid_request for a task without calls. */
export async function readWorkload(
  store: Store,
  body: z.output<typeof workloadBody>,
): Promise<{ workload: Workload; title: string }> {
  if ('trace' in body) return { workload: firstOf(readBuiltInTrace(body.trace)), title: body.trace };
  if ('task' in body) return { workload: await ofTask(store, body.task), title: `task ${body.task}` };
  if ('calls' in body) {
    const calls = body.calls.map(([atMs, inputTokens, outputTokens]) => ({
      atMs,
      inputTokens,
      outputTokens,
    }));
    return { workload: toWorkload(calls), title: body.name };
  }
  const { inputTokens, outputTokens } = body;
  return {
    workload: fixedWorkload(inputTokens, outputTokens),
    title: `${inputTokens} + ${outputTokens} tokens`,
  };
}

function firstOf({ atMs, inputTokens, outputTokens }: Workload): Workload {
  return {
    atMs: atMs.slice(0, MOST_CALLS),
    inputTokens: inputTokens.slice(0, MOST_CALLS),
    outputTokens: outputTokens.slice(0, MOST_CALLS),
  };
}

/** Arrivals of its busiest hour, with sizes of its calls in turn; without an hour of calls, the sizes alone. */
async function ofTask(store: Store, task: string): Promise<Workload> {
  const evidence = await readTaskEvidence(store, task);
  const sizes = (evidence?.sample ?? []).filter(({ outputTokens }) => outputTokens > 0);
  if (!evidence || sizes.length === 0) {
    throw new TrimtabError('invalid_request', `workload.task: \`${task}\` has no calls with tokens`, {
      field: 'workload.task',
    });
  }
  const arrivals = evidence.busiestHour.slice(0, MOST_CALLS);
  const count = Math.max(arrivals.length, Math.min(sizes.length, MOST_CALLS));
  const hasPace = arrivals.length >= 2;
  return toWorkload(
    Array.from({ length: hasPace ? arrivals.length : count }, (_, at) => {
      const { inputTokens = 1, outputTokens = 1 } = sizes[at % sizes.length] ?? {};
      return { atMs: hasPace ? (arrivals[at] ?? 0) : 0, inputTokens, outputTokens };
    }),
  );
}
