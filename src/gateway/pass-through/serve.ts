/**
 * The path of a call of a vendor's own API: that of `pipeline.ts`, with the same stages, for bytes that nobody here
 * reads. It differs in three things: the model may be named nowhere, the answer goes on as it comes, and what keeps
 * something at the vendor is never sent twice.
 */
import { TrimtabError } from '../../core/error.ts';
import type { Operation } from '../../protocols/operations.ts';
import type { Failure } from '../../providers/provider.ts';
import type { Target } from '../../routing/target.ts';
import { Call, type IncomingCall } from '../call.ts';
import { admit, shuttingDown } from '../stages/admit.ts';
import { allowDeployments, noneLeft } from '../stages/allow.ts';
import { close, loggedError } from '../stages/close.ts';
import * as client from '../stages/deliver.ts';
import { aimAt, callerOf, checkProvider } from '../stages/identify.ts';
import { nextAttempt } from '../stages/next-attempt.ts';
import { waitForPlace } from '../stages/place.ts';
import { makePlan } from '../stages/plan.ts';
import { recordCall } from '../stages/record.ts';
import { refuse } from '../stages/refuse.ts';
import { retryLater } from '../stages/retry.ts';
import { settleAttempt, stopAttempts } from '../stages/settle.ts';
import type { GatewayState } from '../state.ts';
import { toFailure } from '../upstream/trouble.ts';
import { ownHeaders } from './answer.ts';
import { OwnAttempt, type OwnAttemptEvents } from './attempt.ts';
import { readBody } from './body.ts';
import { carriers, chooseCarrier } from './find.ts';
import type { OwnBody } from './own-body.ts';
import { Upload } from './upload.ts';

/** Names the provider of a request that is not below its base URL. */
const PROVIDER_HEADER = 'x-trimtab-provider';

/** Serves one call. Never throws. */
export function servePassThrough(state: GatewayState, operation: Operation, incoming: IncomingCall): void {
  const call = new Call(state, 'passthrough', incoming);
  call.operation = operation;
  let body: OwnBody;
  try {
    call.key = callerOf(call);
    call.mark('authenticate');
    admit(state);
    body = readBody(call);
  } catch (error) {
    incoming.request.upload?.resume();
    refuse(call, error);
    return;
  }
  const serving = new OwnCall(call, body);
  if (body instanceof Upload) body.findModel().then(serving.begin, serving.refuse);
  else serving.begin();
}

class OwnCall {
  readonly #call: Call;
  readonly #body: OwnBody;

  constructor(call: Call, body: OwnBody) {
    this.#call = call;
    this.#body = body;
    call.onCut = () => this.#cut();
    call.state.calls.add(call);
    call.response.onClientLeft(() => this.#leave());
  }

  begin = (): void => {
    const call = this.#call;
    if (call.over) return;
    try {
      call.requestedModel = this.#body.model;
      const provider = namedProvider(call);
      aimAt(call, this.#target(provider), this.#body.fields);
      // The bytes of these calls are not text to keep.
      call.kept = null;
      call.mark('identify');
      call.allowed = allowDeployments(call);
      keepCarrying(call);
      call.plan = makePlan(call);
      call.mark('plan');
    } catch (error) {
      this.refuse(error);
      return;
    }
    this.#attemptNext();
  };

  /** Answered before any attempt. */
  refuse = (error: unknown): void => {
    const call = this.#call;
    if (call.over) return;
    this.#close();
    refuse(call, error);
  };

  #target(provider: string | undefined): Target {
    const { serving, operation } = this.#call;
    const { model } = this.#body;
    if (model !== null)
      return serving.targets.resolve(provider === undefined ? model : `${provider}/${model}`);
    return serving.targets.ofProvider(provider ?? chooseCarrier(serving, operation as Operation));
  }

  #attemptNext(reply?: client.ErrorReply): void {
    const call = this.#call;
    const again = (): void => this.#attemptNext();
    try {
      const attempt = nextAttempt(call, (of, allowed, start) => {
        return new OwnAttempt(of, allowed, { ...start, events: this.#events, body: this.#body });
      });
      if (attempt) attempt.send();
      else if (!waitForPlace(call, again) && !retryLater(call, again))
        this.#giveUp(call.lastFailure ?? toFailure(noneLeft(call)), reply);
    } catch (error) {
      const failure = toFailure(loggedError(call, error), false);
      stopAttempts(call, { outcome: 'error', failure });
      this.#giveUp(failure);
    }
  }

  readonly #events: OwnAttemptEvents = {
    headed: (attempt, length) => {
      const call = this.#call;
      call.answering = attempt.record;
      call.headSent = true;
      call.streamed = attempt.isEvents;
      if (attempt.isEvents) call.ttftMs = call.elapsed();
      call.response.head(attempt.record.status ?? 200, ownHeaders(attempt, length));
      call.response.onDrain(() => attempt.resume());
    },

    flowed: client.sendPart,

    finished: (attempt, last) => {
      const call = this.#call;
      if (last) client.count(call, last);
      settleAttempt(attempt, { outcome: 'ok', failure: null, ...attempt.measured() });
      this.#close();
      recordCall(call, { outcome: 'ok', status: attempt.record.status ?? 200, error: null });
      call.response.end(last ?? undefined);
    },

    failed: (attempt, failure) => {
      const call = this.#call;
      if (failure.error.code === 'client_left') {
        this.#leave();
        return;
      }
      if (failure.error.code === 'internal') loggedError(call, failure.error);
      call.lastFailure = failure;
      const reply = client.failureReply(call, failure);
      settleAttempt(attempt, { outcome: 'error', failure, ...attempt.measured() });
      if (call.headSent || !failure.fallback) this.#giveUp(failure, reply);
      else this.#attemptNext(reply);
    },
  };

  #giveUp(failure: Failure, reply = client.failureReply(this.#call, failure)): void {
    const call = this.#call;
    stopAttempts(call, { outcome: 'cancelled', failure: null });
    this.#close();
    const { error } = failure;
    if (!call.headSent) {
      client.count(call, reply.body);
      recordCall(call, { outcome: 'error', status: reply.status, error });
      client.sendReply(call, reply);
      return;
    }
    const event = call.streamed ? client.brokenEnd(call, error) : null;
    if (event) client.count(call, event);
    recordCall(call, { outcome: 'error', status: call.answering?.status ?? 200, error });
    // Of anything but events a client can only tell by the connection that there was more.
    if (event) call.response.end(event);
    else call.response.cut();
  }

  #leave(): void {
    const call = this.#call;
    if (call.over) return;
    const error = new TrimtabError('client_left', 'The client closed the connection early.');
    const failure = toFailure(error, false);
    stopAttempts(call, { outcome: 'client_left', failure });
    this.#close();
    const status = call.headSent ? (call.answering?.status ?? 200) : failure.status;
    recordCall(call, { outcome: 'client_left', status, error });
  }

  #cut(): void {
    const call = this.#call;
    const failure = toFailure(shuttingDown(), false);
    const reply = client.failureReply(call, failure);
    stopAttempts(call, { outcome: 'error', failure });
    this.#giveUp(failure, reply);
  }

  #close(): void {
    close(this.#call);
    if (!(this.#body instanceof Upload)) return;
    this.#call.uploadedBytes = this.#body.bytes;
    this.#body.drop();
  }
}

/** By its base URL, else by the header. Throws not_found. */
function namedProvider(call: Call): string | undefined {
  const { provider, headers } = call.request;
  const header = headers[PROVIDER_HEADER];
  const name = provider ?? (typeof header === 'string' ? header : undefined);
  if (name !== undefined) checkProvider(call, name);
  return name;
}

/** Leaves the deployments whose provider carries the operation. Throws operation_not_carried. */
function keepCarrying(call: Call): void {
  const { operation, serving } = call;
  if (!operation) return;
  const able = carriers(serving, operation);
  const carrying = call.allowed.filter(({ config }) => able.includes(config.provider));
  for (const { name, config } of call.allowed) {
    if (able.includes(config.provider)) continue;
    const speaks = serving.providers.get(config.provider)?.own?.wire === operation.wire;
    const advice = speaks
      ? `; if the vendor has it, add "${operation.group}" to \`providers.${config.provider}.passThrough\``
      : '';
    call.skip(name, `provider "${config.provider}" does not carry \`${operation.name}\`${advice}`);
  }
  if (carrying.length === 0) {
    const reasons = call.skipped.map(({ deployment, reason }) => `${deployment}: ${reason}`).join('; ');
    throw new TrimtabError('operation_not_carried', `No deployment can take this call: ${reasons}.`);
  }
  call.allowed = carrying;
}
