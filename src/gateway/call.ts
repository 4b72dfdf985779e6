import type { AttemptRecord, SkippedDeployment, StageTiming } from '../core/call-record.ts';
import type { Timer } from '../core/clock.ts';
import type { CallProtocol } from '../core/protocol.ts';
import type { Usage } from '../core/usage.ts';
import type { EgressPass } from '../governance/egress.ts';
import type { ProtocolCodec } from '../protocols/codec.ts';
import { codecOf } from '../protocols/index.ts';
import type { Operation } from '../protocols/operations.ts';
import type { ParsedRequest } from '../protocols/request.ts';
import type { Connection, Failure } from '../providers/provider.ts';
import { drainReason } from '../routing/drained.ts';
import type { GateRefusal, Place } from '../routing/gates.ts';
import type { Pace } from '../routing/latencies.ts';
import type { PlannedAttempt } from '../routing/policy.ts';
import type { Target } from '../routing/target.ts';
import type { DeploymentConfig, KeySnapshot } from '../stack/stack.ts';
import type { GatewayRequest, GatewayResponse } from './gateway.ts';
import type { GatewayState, Serving } from './state.ts';
import type { UnderWay } from './under-way.ts';

/** A deployment the data policy lets this call use, with the pass that proves it. */
export interface AllowedDeployment {
  readonly name: string;
  readonly config: DeploymentConfig;
  readonly connection: Connection;
  readonly sandbox: boolean;
  readonly pass: EgressPass;
}

/** An attempt under way, as the stages see it. */
export interface RunningAttempt {
  readonly call: Call;
  readonly record: AttemptRecord;
  readonly allowed: AllowedDeployment;
  /** Its place at the deployment; given back when it is settled. */
  readonly place: Place;
  /** Response headers of the vendor; empty until they are here. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** False when nothing was sent, or the vendor answered with an error: vendors do not bill those. */
  readonly mayHaveUsedTokens: boolean;
  /** The round of the circuit it counts for. @see Health.began */
  round: number;
  /** The client reads slower than the vendor writes. */
  pause(): void;
  resume(): void;
  /** Ends it from outside: the client left, or the server stops. */
  abandon(): void;
  /** What it used as far as is known. Of a stream that began, or may have begun, at least an estimate. */
  usage(): Usage;
}

export interface IncomingCall {
  request: GatewayRequest;
  response: GatewayResponse;
  /** Of a call that began before it came here: its id, and when, epoch milliseconds. Default: a new one, now. */
  begun?: { id: string; at: number };
}

/** Everything known about a call under way. The stages fill it in; `stages/record.ts` reads it once at the end. */
export class Call implements UnderWay {
  readonly state: GatewayState;
  readonly serving: Serving;
  readonly protocol: CallProtocol;
  readonly request: GatewayRequest;
  readonly response: GatewayResponse;
  readonly id: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The same instant on the monotonic clock. */
  readonly begun: number;

  key: KeySnapshot | null = null;
  parsed: ParsedRequest | null = null;
  /** What of a vendor's own API it asks for; `null`: it is a call of a protocol. */
  operation: Operation | null = null;
  /** What the app wrote in `model`; `null`: nothing, or it was not readable. */
  requestedModel: string | null = null;
  streamed = false;
  user: string | null = null;
  tags: Record<string, string> = {};
  target: Target | null = null;
  allowed: AllowedDeployment[] = [];
  plan: PlannedAttempt[] = [];

  /** The attempts under way. */
  running: RunningAttempt[] = [];
  /** Of these the one whose bytes the client gets; while none is chosen, the one begun last. */
  attempt: RunningAttempt | null = null;
  /** The attempt whose answer the client got, whole or in part. */
  answering: AttemptRecord | null = null;
  attempts: AttemptRecord[] = [];
  /** Whether some attempt may have used tokens that could not be priced. */
  unpriced = false;
  sandbox = false;
  skipped: SkippedDeployment[] = [];
  stages: StageTiming[] = [];
  lastFailure: Failure | null = null;
  /** Retries made or waited for. */
  retries = 0;
  /** When the first of the circuits that refused this call lets one through again, in milliseconds. */
  circuitWaitMs: number | null = null;
  /** Runs while the call waits, to retry or for a place. */
  wait: Timer | null = null;
  /** The stage that wait belongs to. */
  waitStage: 'attempts' | 'queue' = 'attempts';
  /** A place it waited for, until its attempt takes it. */
  heldPlace: Place | null = null;
  /** Limits that held this call back. */
  limits: (GateRefusal & { deployment: string })[] = [];
  /** Of the plan those that had no place; the call may wait for one. */
  full: PlannedAttempt[] = [];

  /** Runs until a second attempt begins beside a slow one. */
  hedgeTimer: Timer | null = null;
  hedged = false;

  /** The client has our status line: nothing can be taken back. */
  headSent = false;
  over = false;
  /** @see UnderWay */
  place = -1;
  ttftMs: number | null = null;
  responseBytes = 0;
  /** Of a body that came as a stream. */
  uploadedBytes = 0;
  /** The events of a stream that went out last. */
  lastSent: Buffer | null = null;
  /** Answer bytes kept for the record; `null` when the task does not capture them. */
  kept: Buffer[] | null = null;
  /** How the pipeline ends a call that is cut short. */
  onCut: ((call: Call) => void) | null = null;
  #marked = 0;
  #attemptsMarked = 0;

  constructor(state: GatewayState, protocol: CallProtocol, { request, response, begun }: IncomingCall) {
    const { clock, makeId } = state.options;
    this.state = state;
    this.serving = state.serving;
    this.protocol = protocol;
    this.request = request;
    this.response = response;
    this.startedAt = begun?.at ?? clock.now();
    this.id = begun?.id ?? makeId('call');
    this.begun = clock.monotonic() - (begun ? clock.now() - begun.at : 0);
  }

  /** How requests and errors of its protocol look. */
  get codec(): ProtocolCodec {
    return codecOf(this.protocol === 'passthrough' ? (this.operation?.wire ?? 'chat') : this.protocol);
  }

  /** @see UnderWay */
  cut(): void {
    this.onCut?.(this);
  }

  /** What its latency is compared with. */
  get pace(): Pace {
    return this.streamed ? 'stream' : 'plain';
  }

  /** Milliseconds since the call began, to a hundredth. */
  elapsed(): number {
    return Math.round((this.state.options.clock.monotonic() - this.begun) * 100) / 100;
  }

  /** The stage that began where the one before ended is over, now or at `endMs`. */
  mark(stage: string, endMs = this.elapsed()): void {
    this.stages.push([stage, this.#marked, endMs]);
    this.#marked = endMs;
  }

  /** The attempts so far are over, with the last of them; nothing when there was none since the last mark. */
  markAttempts(): void {
    if (this.attempts.length === this.#attemptsMarked) return;
    this.#attemptsMarked = this.attempts.length;
    this.mark('attempts', Math.max(this.#marked, ...this.attempts.map(({ endMs }) => endMs)));
  }

  /** A deployment of the route that will not be tried. */
  skip(deployment: string, reason: string): void {
    const known = this.skipped.find((skipped) => skipped.deployment === deployment);
    if (known) known.reason = reason;
    else this.skipped.push({ deployment, reason });
  }

  /** Skips a deployment that is drained by now, also when it was not as the call began; returns whether it is. */
  skipDrained(deployment: string): boolean {
    const reason = drainReason(this.state.serving.snapshot, deployment);
    if (reason === null) return false;
    this.skip(deployment, reason);
    // Room there would not help any more.
    this.limits = this.limits.filter((limit) => limit.deployment !== deployment);
    return true;
  }

  /** Skips a deployment whose circuit lets no call through; returns whether it does not. */
  skipOpen(deployment: string): boolean {
    const refusal = this.state.health.refusal(deployment);
    if (!refusal) return false;
    this.skip(deployment, refusal.reason);
    this.circuitWaitMs = Math.min(refusal.waitMs, this.circuitWaitMs ?? refusal.waitMs);
    return true;
  }
}
