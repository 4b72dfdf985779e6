/**
 * The request path, top to bottom. A call runs through `serveCall` in one turn and leaves it waiting for its first
 * attempt; what the attempt then tells (`answered`, `started`, `flowed`, `finished`, `failed`) brings it to one of
 * three ends: `complete`, `giveUp` or, when the client goes away, `leave`. Each end settles, records, and only then
 * sends the last byte.
 */
import { TrimtabError } from '../core/error.ts';
import type { Protocol } from '../core/protocol.ts';
import type { Failure } from '../providers/provider.ts';
import { Call, type IncomingCall } from './call.ts';
import { admit, checkBody, shuttingDown } from './stages/admit.ts';
import { allowDeployments, noneLeft } from './stages/allow.ts';
import { opener } from './stages/attempt.ts';
import { choose } from './stages/choose.ts';
import { close, loggedError } from './stages/close.ts';
import * as client from './stages/deliver.ts';
import { fitContexts, keepLarger } from './stages/fit.ts';
import { hedgeLater } from './stages/hedge.ts';
import { callerOf, identify, parse } from './stages/identify.ts';
import { nextAttempt } from './stages/next-attempt.ts';
import { waitForPlace } from './stages/place.ts';
import { makePlan } from './stages/plan.ts';
import { recordCall } from './stages/record.ts';
import { refuse } from './stages/refuse.ts';
import { retryLater } from './stages/retry.ts';
import { settleAttempt, stopAttempts } from './stages/settle.ts';
import type { GatewayState } from './state.ts';
import { toFailure } from './upstream/trouble.ts';

export function serveCall(state: GatewayState, protocol: Protocol, incoming: IncomingCall): void {
  const call = new Call(state, protocol, incoming);
  const { request, response } = incoming;
  try {
    call.key = callerOf(call);
    call.mark('authenticate');
    checkBody(state, request);
    call.parsed = parse(call);
    identify(call);
    call.mark('identify');
    admit(state);
    call.allowed = fitContexts(call, allowDeployments(call));
    call.plan = makePlan(call);
    call.mark('plan');
  } catch (error) {
    refuse(call, error);
    return;
  }
  call.onCut = cutCall;
  state.calls.add(call);
  if (call.parsed.stream) state.openStreams++;
  response.onClientLeft(() => leave(call));
  attemptNext(call);
}

/** The first deployment of the plan that can be tried; at its end the last one again, or no more. */
function attemptNext(call: Call, reply?: client.ErrorReply): void {
  try {
    const attempt = nextAttempt(call, open);
    if (attempt) {
      attempt.send();
      hedgeLater(call, attempt, open);
    } else if (!waitForPlace(call, attemptNext) && !retryLater(call, attemptNext))
      giveUp(call, call.lastFailure ?? toFailure(noneLeft(call)), reply);
  } catch (error) {
    const failure = toFailure(loggedError(call, error), false);
    stopAttempts(call, { outcome: 'error', failure });
    giveUp(call, failure);
  }
}

const open = opener({
  answered(attempt, { body, usage, finishReason }) {
    const { call } = attempt;
    choose(attempt, usage);
    const headers = client.answerHeaders(call, 'application/json');
    client.count(call, body);
    settleAttempt(attempt, { outcome: 'ok', failure: null, usage });
    complete(call, finishReason);
    client.sendPlain(call, headers, body);
  },

  started(attempt) {
    const { call } = attempt;
    choose(attempt);
    call.ttftMs = call.elapsed();
    call.state.health.answered(attempt.allowed.name, attempt.round);
    client.sendStreamHead(call);
    call.response.onDrain(() => attempt.resume());
  },

  flowed: client.sendPart,

  finished(attempt, last, reader) {
    const { call } = attempt;
    if (last) client.count(call, last);
    settleAttempt(attempt, { outcome: 'ok', failure: null, usage: reader.usage() });
    complete(call, reader.finishReason);
    call.response.end(last ?? undefined);
  },

  failed(attempt, failure) {
    const { call } = attempt;
    if (failure.error.code === 'internal') loggedError(call, failure.error);
    call.lastFailure = failure;
    const reply = client.failureReply(call, failure);
    settleAttempt(attempt, { outcome: 'error', failure, usage: attempt.usage() });
    // Once bytes of this answer are out, another model's text may not follow them.
    if (call.headSent || !(failure.fallback || keepLarger(attempt, failure))) giveUp(call, failure, reply);
    // A hedge may still answer.
    else if (call.running.length === 0) attemptNext(call, reply);
  },
});

/** The answer is whole; the caller sends what the client is still owed. */
function complete(call: Call, finishReason: string | null): void {
  close(call);
  recordCall(call, { outcome: 'ok', status: 200, error: null, finishReason });
}

/** No deployment answered, or the one that did broke off. */
function giveUp(call: Call, failure: Failure, reply = client.failureReply(call, failure)): void {
  stopAttempts(call, { outcome: 'cancelled', failure: null });
  close(call);
  const end = call.headSent ? client.brokenEnd(call, failure.error) : reply.body;
  client.count(call, end);
  recordCall(call, { outcome: 'error', status: call.headSent ? 200 : reply.status, error: failure.error });
  if (call.headSent) call.response.end(end);
  else client.sendReply(call, reply);
}

/** The client closed the connection: the vendor is stopped, and what was used is still billed. */
function leave(call: Call): void {
  if (call.over) return;
  const failure = toFailure(
    new TrimtabError('client_left', 'The client closed the connection early.'),
    false,
  );
  stopAttempts(call, { outcome: 'client_left', failure });
  close(call);
  const { status, error } = failure;
  recordCall(call, { outcome: 'client_left', status: call.headSent ? 200 : status, error });
}

/** Stops a call from outside: the server is shutting down. */
function cutCall(call: Call): void {
  const failure = toFailure(shuttingDown(), false);
  const reply = client.failureReply(call, failure);
  stopAttempts(call, { outcome: 'error', failure });
  giveUp(call, failure, reply);
}
