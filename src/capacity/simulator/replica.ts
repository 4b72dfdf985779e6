/**
 * One replica of an engine that batches continuously, as vLLM does (`Scheduler.schedule` in
 * https://github.com/vllm-project/vllm/blob/00024d31/vllm/v1/core/sched/scheduler.py, read 2026-11-25):
 *
 * - A step makes one token for every decoding sequence and fills the rest of its token budget with prompt chunks.
 * - A call is admitted first come, first served, when a seat is free and its whole prompt fits into the cache
 *   (vLLM asks for the first chunk alone, so it admits long prompts a little sooner and preempts more).
 * - When the cache cannot take the next token of every sequence, the one admitted last is preempted: its cache is
 *   dropped, it waits at the front, and its prompt and the tokens it has made are computed again.
 *
 * Steps without prompts are run in one go up to the next finish, and cut short when a call arrives that can be
 * admitted. Their times are taken as rising evenly with the context, which is exact for a model affine in it.
 */
import type { EngineStep, PerformanceModel } from '../capacity.ts';
import { FinishHeap } from './finish-heap.ts';
import type { Workload } from './workload.ts';

/** Steps taken as one at most: a bound on the error where step time is not affine in context. */
const MAX_RUN_STEPS = 512;

/** What is measured of each call; NaN until it is known. Milliseconds on the workload's clock. */
export interface CallTimes {
  admittedMs: Float64Array;
  firstTokenMs: Float64Array;
  finishedMs: Float64Array;
}

export class Replica {
  /** When the steps under way end; Infinity: idle. */
  endMs = Number.POSITIVE_INFINITY;
  busyMs = 0;
  finished = 0;
  preempted = 0;
  /** Tokens made, including none that were made twice. */
  outputTokens = 0;
  mostWaiting = 0;
  mostCacheTokens = 0;

  private readonly model: PerformanceModel;
  private readonly workload: Workload;
  private readonly times: CallTimes;
  /** Tokens made before the call was preempted. */
  private readonly made: Int32Array;
  /** Step of its last token; -1: not decoding. */
  private readonly finishStep: Int32Array;

  private readonly arrived: number[] = [];
  private arrivedHead = 0;
  private readonly returned: number[] = [];
  /** Admitted and not finished, oldest first; entries that no longer stand are skipped. */
  private readonly seats: number[] = [];
  private readonly heap = new FinishHeap();
  private steps = 0;
  private decodes = 0;
  private contextTokens = 0;
  /** Cache taken: contexts, and the whole prompts of calls that are in prefill. */
  private cacheTokens = 0;
  /** Call whose prompt is computed in part, and how far; -1: none. */
  private partial = -1;
  private partialTokens = 0;
  /** Calls whose prompt ends with the step under way. */
  private readonly completing: number[] = [];
  private readonly step: EngineStep = { prefillTokens: 0, prefillContext: 0, decodes: 0, contextTokens: 0 };
  private runStartMs = 0;
  private runSteps = 0;
  private runFirstMs = 0;
  private runSlopeMs = 0;

  constructor(
    model: PerformanceModel,
    { workload, times, scratch }: { workload: Workload; times: CallTimes; scratch: Scratch },
  ) {
    this.model = model;
    this.workload = workload;
    this.times = times;
    this.made = scratch.made;
    this.finishStep = scratch.finishStep;
  }

  get waiting(): number {
    return this.arrived.length - this.arrivedHead + this.returned.length;
  }

  get running(): number {
    return this.decodes + this.completing.length + (this.partial >= 0 ? 1 : 0);
  }

  /** Calls not finished. */
  get outstanding(): number {
    return this.waiting + this.running;
  }

  /** Takes a call that arrives now; everything before `nowMs` must have been done ({@link advance}). */
  arrive(call: number, nowMs: number): void {
    const alone = this.waiting === 0;
    this.arrived.push(call);
    if (this.endMs === Number.POSITIVE_INFINITY) this.begin(nowMs);
    else if (alone && this.runSteps > 1 && this.canAdmit(this.needOf(call))) this.cut(nowMs);
    this.mostWaiting = Math.max(this.mostWaiting, this.waiting);
  }

  /** Does every step that ends at or before `untilMs`. */
  advance(untilMs: number): void {
    while (this.endMs <= untilMs) this.endRun();
  }

  private needOf(call: number): number {
    return (this.workload.inputTokens[call] as number) + (this.made[call] as number);
  }

  /** Whether a seat is free and the cache takes the prompt and one more token of every sequence. */
  private canAdmit(need: number): boolean {
    const { running, model } = this;
    return (
      running < model.setup.maxSequences &&
      (running === 0 || this.cacheTokens + need + running + 1 <= model.cacheTokens)
    );
  }

  private begin(nowMs: number): void {
    while (this.decodes > 0 && this.cacheTokens + this.decodes > this.model.cacheTokens && this.running > 1) {
      this.preemptLast();
    }
    this.fillWithPrompts(nowMs);
    const { step } = this;
    step.decodes = this.decodes;
    step.contextTokens = this.contextTokens;
    if (step.prefillTokens === 0 && this.decodes === 0) {
      this.endMs = Number.POSITIVE_INFINITY;
      return;
    }
    this.mostCacheTokens = Math.max(this.mostCacheTokens, this.cacheTokens);
    this.runStartMs = nowMs;
    this.runFirstMs = this.model.stepMs(step);
    this.runSlopeMs = 0;
    this.runSteps = step.prefillTokens > 0 ? 1 : this.stepsAtOnce();
    if (this.runSteps > 1) {
      step.contextTokens += this.decodes * (this.runSteps - 1);
      this.runSlopeMs = (this.model.stepMs(step) - this.runFirstMs) / (this.runSteps - 1);
    }
    this.endMs = nowMs + this.msOf(this.runSteps);
  }

  /** Gives the step's token budget to prompts: the one begun, then those that waited longest. */
  private fillWithPrompts(nowMs: number): void {
    const { step, completing } = this;
    completing.length = 0;
    step.prefillTokens = 0;
    step.prefillContext = 0;
    let budget = this.model.setup.maxBatchedTokens - this.decodes;
    let weighted = 0;
    while (budget > 0) {
      if (this.partial < 0 && !this.admitNext(nowMs)) break;
      const call = this.partial;
      const rest = this.needOf(call) - this.partialTokens;
      const chunk = Math.min(budget, rest);
      weighted += chunk * (this.partialTokens + chunk / 2);
      budget -= chunk;
      step.prefillTokens += chunk;
      if (chunk === rest) {
        completing.push(call);
        this.partial = -1;
      } else {
        this.partialTokens += chunk;
      }
    }
    if (step.prefillTokens > 0) step.prefillContext = weighted / step.prefillTokens;
  }

  private admitNext(nowMs: number): boolean {
    const isReturned = this.returned.length > 0;
    const call = isReturned ? this.returned.at(-1) : this.arrived[this.arrivedHead];
    if (call === undefined) return false;
    const need = this.needOf(call);
    if (!this.canAdmit(need)) return false;
    if (isReturned) this.returned.pop();
    else this.takeArrived();
    if (Number.isNaN(this.times.admittedMs[call] as number)) this.times.admittedMs[call] = nowMs;
    this.seats.push(call);
    this.cacheTokens += need;
    this.partial = call;
    this.partialTokens = 0;
    return true;
  }

  private takeArrived(): void {
    this.arrivedHead++;
    if (this.arrivedHead < 1024 || this.arrivedHead * 2 < this.arrived.length) return;
    this.arrived.splice(0, this.arrivedHead);
    this.arrivedHead = 0;
  }

  /** Steps until a sequence finishes or the cache is full, at least 1. */
  private stepsAtOnce(): number {
    this.dropStale();
    const toFinish = this.heap.soonestStep - this.steps;
    const toFull = Math.floor((this.model.cacheTokens - this.cacheTokens) / this.decodes);
    return Math.max(1, Math.min(toFinish, toFull, MAX_RUN_STEPS));
  }

  /** Time of the first `steps` steps of the run. */
  private msOf(steps: number): number {
    return steps * this.runFirstMs + (this.runSlopeMs * steps * (steps - 1)) / 2;
  }

  /** Ends the run with the step that is under way at `nowMs`. */
  private cut(nowMs: number): void {
    const since = nowMs - this.runStartMs;
    const half = this.runSlopeMs / 2;
    const linear = this.runFirstMs - half;
    const root =
      half > 0 ? (Math.sqrt(linear * linear + 4 * half * since) - linear) / (2 * half) : since / linear;
    let steps = Math.min(this.runSteps, Math.max(1, Math.ceil(root)));
    while (steps > 1 && this.msOf(steps - 1) >= since) steps--;
    while (steps < this.runSteps && this.msOf(steps) < since) steps++;
    this.runSteps = steps;
    this.endMs = this.runStartMs + this.msOf(steps);
  }

  private endRun(): void {
    const nowMs = this.endMs;
    this.busyMs += nowMs - this.runStartMs;
    this.steps += this.runSteps;
    const grown = this.decodes * this.runSteps;
    this.contextTokens += grown;
    this.cacheTokens += grown;
    this.outputTokens += grown;
    this.finishDecodes(nowMs);
    for (const call of this.completing) this.startDecode(call, nowMs);
    this.completing.length = 0;
    this.begin(nowMs);
  }

  private finishDecodes(nowMs: number): void {
    for (;;) {
      this.dropStale();
      if (this.heap.soonestStep > this.steps) return;
      const call = this.heap.soonest;
      this.heap.pop();
      const held =
        (this.workload.inputTokens[call] as number) + (this.workload.outputTokens[call] as number) - 1;
      this.decodes--;
      this.contextTokens -= held;
      this.finish(call, held, nowMs);
    }
  }

  /** The prompt is done: it has made a token. */
  private startDecode(call: number, nowMs: number): void {
    const need = this.needOf(call);
    const made = (this.made[call] as number) + 1;
    this.outputTokens++;
    if (Number.isNaN(this.times.firstTokenMs[call] as number)) this.times.firstTokenMs[call] = nowMs;
    const left = (this.workload.outputTokens[call] as number) - made;
    if (left === 0) {
      this.finish(call, need, nowMs);
      return;
    }
    this.decodes++;
    this.contextTokens += need;
    this.finishStep[call] = this.steps + left;
    this.heap.push(this.steps + left, call);
  }

  private finish(call: number, heldTokens: number, nowMs: number): void {
    this.finishStep[call] = -1;
    this.times.finishedMs[call] = nowMs;
    this.cacheTokens -= heldTokens;
    this.finished++;
    if (this.seats.length > 64 && this.seats.length > 4 * this.running) this.dropEmptySeats();
  }

  /** The call admitted last gives its cache back and waits at the front. Between steps, so no prompt completes. */
  private preemptLast(): void {
    const call = this.lastSeated();
    const need = this.needOf(call);
    this.preempted++;
    if (call === this.partial) {
      this.partial = -1;
      this.cacheTokens -= need;
    } else {
      const made =
        (this.workload.outputTokens[call] as number) - ((this.finishStep[call] as number) - this.steps);
      const held = (this.workload.inputTokens[call] as number) + made - 1;
      this.made[call] = made;
      this.finishStep[call] = -1;
      this.decodes--;
      this.contextTokens -= held;
      this.cacheTokens -= held;
    }
    this.returned.push(call);
  }

  private lastSeated(): number {
    for (;;) {
      const call = this.seats.pop();
      if (call === undefined) throw new Error('a sequence runs that was never admitted');
      if (this.isSeated(call)) return call;
    }
  }

  private isSeated(call: number): boolean {
    return call === this.partial || (this.finishStep[call] as number) >= 0;
  }

  private dropEmptySeats(): void {
    const seated = this.seats.filter((call) => this.isSeated(call) || this.completing.includes(call));
    this.seats.length = 0;
    for (const call of seated) this.seats.push(call);
  }

  /** Entries of preempted sequences stay in the heap until they come up. */
  private dropStale(): void {
    while (this.heap.size > 0 && this.finishStep[this.heap.soonest] !== this.heap.soonestStep)
      this.heap.pop();
  }
}

/** State by call that the replicas of one simulation share. */
export interface Scratch {
  made: Int32Array;
  finishStep: Int32Array;
}
