/**
 * How many tokens a request has, without answering it. It passes the same doors as a call (key, scope, data policy,
 * route); a deployment that counts is asked, for any other the count is estimated here and marked so. It costs
 * nothing and answers nothing, so it is no call and leaves no record.
 */
import { TrimtabError } from '../core/error.ts';
import { estimateCount } from '../protocols/messages/count.ts';
import { parseCount } from '../protocols/messages/parse.ts';
import type { Failure } from '../providers/provider.ts';
import { Call, type IncomingCall, type RunningAttempt } from './call.ts';
import { admit, checkBody, shuttingDown } from './stages/admit.ts';
import { allowDeployments, noneLeft } from './stages/allow.ts';
import { opener } from './stages/attempt.ts';
import { loggedError } from './stages/close.ts';
import * as client from './stages/deliver.ts';
import { identify } from './stages/identify.ts';
import { nextAttempt } from './stages/next-attempt.ts';
import { makePlan } from './stages/plan.ts';
import type { GatewayState } from './state.ts';
import { toFailure } from './upstream/trouble.ts';

/** On counts that no vendor made. */
const ESTIMATED = 'x-trimtab-estimated';

/** Serves `POST /v1/messages/count_tokens`. Never throws. */
export function countTokens(state: GatewayState, incoming: IncomingCall): void {
  const call = new Call(state, 'messages', incoming);
  try {
    prepare(call);
  } catch (error) {
    client.sendReply(call, client.errorReply(call, loggedError(call, error)));
    return;
  }
  const [first] = call.plan;
  if (!first || !counts(call, first.deployment)) {
    sendEstimate(call);
    return;
  }
  call.plan = call.plan.filter(({ deployment }) => counts(call, deployment));
  state.calls.add(call);
  call.onCut = () => {
    const failure = toFailure(shuttingDown(), false);
    const reply = client.failureReply(call, failure);
    stop(call, failure);
    giveUp(call, failure, reply);
  };
  call.response.onClientLeft(() => leave(call));
  askNext(call);
}

/** Throws what refuses a call. */
function prepare(call: Call): void {
  const { state, serving, request } = call;
  call.key = serving.keyring.authenticate(request.headers);
  checkBody(state, request);
  call.parsed = parseCount(request.body, request.headers);
  identify(call);
  admit(state);
  call.allowed = allowDeployments(call);
  call.plan = makePlan(call);
}

function counts(call: Call, name: string): boolean {
  const found = call.allowed.find((allowed) => allowed.name === name);
  return found?.connection.capabilities(found.config.model).countsTokens === true;
}

function askNext(call: Call): void {
  try {
    const attempt = nextAttempt(call, open);
    if (attempt) attempt.send();
    else giveUp(call, call.lastFailure ?? toFailure(noneLeft(call)));
  } catch (error) {
    giveUp(call, toFailure(loggedError(call, error), false));
  }
}

const open = opener({
  answered(attempt, { body }) {
    const { call } = attempt;
    const headers = client.answerHeaders(call, 'application/json');
    settle(attempt, null);
    end(call);
    client.sendPlain(call, headers, body);
  },
  failed(attempt, failure) {
    const { call } = attempt;
    call.lastFailure = failure;
    const reply = client.failureReply(call, failure);
    settle(attempt, failure);
    if (failure.fallback && call.plan.length > 0) askNext(call);
    else giveUp(call, failure, reply);
  },
  // A count is no stream.
  started() {},
  flowed() {},
  finished() {},
});
function settle(attempt: RunningAttempt, failure: Failure | null): void {
  const { call } = attempt;
  call.attempt = null;
  call.running = [];
  attempt.record.errorCode = failure?.error.code ?? null;
  const isRequestFault = failure?.error.code === 'upstream_rejected' && !failure.fallback;
  call.state.health.ended(
    attempt.allowed.name,
    isRequestFault ? null : attempt.record.errorCode,
    attempt.round,
  );
}

function stop(call: Call, failure: Failure): void {
  if (!call.attempt) return;
  call.attempt.abandon();
  settle(call.attempt, failure);
}

function giveUp(call: Call, failure: Failure, reply = client.failureReply(call, failure)): void {
  end(call);
  client.sendReply(call, reply);
}

function leave(call: Call): void {
  if (call.over) return;
  stop(call, toFailure(new TrimtabError('client_left', 'The client closed the connection early.'), false));
  end(call);
}

function end(call: Call): void {
  call.over = true;
  call.state.calls.delete(call);
}

function sendEstimate(call: Call): void {
  const headers = client.answerHeaders(call, 'application/json');
  headers[ESTIMATED] = 'true';
  client.sendPlain(call, headers, estimateCount(call.parsed?.body ?? {}));
}
