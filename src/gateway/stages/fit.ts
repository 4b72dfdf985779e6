import { TrimtabError } from '../../core/error.ts';
import type { Failure } from '../../providers/provider.ts';
import { servedContextOf } from '../../routing/engine-loads.ts';
import { leastTokens } from '../../routing/least-tokens.ts';
import type { AllowedDeployment, Call, RunningAttempt } from '../call.ts';

/** Bodies below this fit every model in use; they are not looked at. */
const MIN_BYTES = 4_096;

/**
 * Those of `allowed` that the prompt may fit; the others are noted with both sizes. When none is left, the largest of
 * those whose size only a table says, which may be out of date. Throws context_length_exceeded when all sizes are stated.
 */
export function fitContexts(call: Call, allowed: AllowedDeployment[]): AllowedDeployment[] {
  const { parsed, request, protocol } = call;
  // Of embeddings each input has the context for itself.
  if (!parsed || protocol === 'embeddings' || request.body.length < MIN_BYTES) return allowed;
  const sizes = new Map(allowed.map((one) => [one, contextOf(call, one) ?? Number.POSITIVE_INFINITY]));
  const sizeOf = (one: AllowedDeployment): number => sizes.get(one) ?? Number.POSITIVE_INFINITY;
  // A word takes two bytes with its space, so most bodies need no counting.
  if (Math.min(...sizes.values()) >= request.body.length / 2) return allowed;
  const tokens = leastTokens(parsed.body);
  const fitting = allowed.filter((one) => sizeOf(one) >= tokens);
  if (fitting.length === allowed.length) return allowed;
  for (const one of allowed) {
    if (sizeOf(one) < tokens) {
      call.skip(one.name, `its context of ${sizeOf(one)} tokens is too small for a prompt of over ${tokens}`);
    }
  }
  if (fitting.length > 0) return fitting;
  const [largest] = allowed
    .filter(({ config }) => config.contextTokens === undefined)
    .sort((one, other) => sizeOf(other) - sizeOf(one));
  if (largest) return [largest];
  const reasons = call.skipped.map(({ deployment, reason }) => `${deployment}: ${reason}`).join('; ');
  throw new TrimtabError('context_length_exceeded', `The prompt fits no deployment: ${reasons}.`);
}

/**
 * After a vendor said that the prompt is too long: leaves the call only the deployments known to be larger than that one.
 * Returns whether there are any, to go on with.
 */
export function keepLarger({ call, allowed: tried }: RunningAttempt, failure: Failure): boolean {
  if (!failure.tooLong) return false;
  const size = contextOf(call, tried) ?? Number.POSITIVE_INFINITY;
  const larger = call.allowed.filter((one) => (contextOf(call, one) ?? 0) > size);
  for (const one of call.allowed) {
    if (larger.includes(one) || call.attempts.some(({ deployment }) => deployment === one.name)) continue;
    call.skip(
      one.name,
      `not known to have a larger context than ${tried.name}, for which the prompt is too long`,
    );
  }
  call.allowed = larger;
  return larger.length > 0;
}

/** Tokens; `undefined`: not known. */
function contextOf({ state }: Call, { config, connection }: AllowedDeployment): number | undefined {
  const served = servedContextOf(state.engines, config);
  return config.contextTokens ?? served ?? connection.capabilities(config.model).contextTokens;
}
