import { TrimtabError } from '../../core/error.ts';
import { checkEgress } from '../../governance/egress.ts';
import type { AllowedDeployment, Call } from '../call.ts';

/**
 * The deployments of the target that may be sent this call's data. Each of the others is noted with its reason.
 * Throws data_policy_refused when the policy leaves none, no_deployment when another reason does.
 */
export function allowDeployments(call: Call): AllowedDeployment[] {
  const { target, serving } = call;
  if (!target) return [];
  const allowed: AllowedDeployment[] = [];
  let refusal: TrimtabError | null = null;
  let drained = false;
  for (const { name, config } of target.deployments) {
    const provider = serving.providers.get(config.provider);
    if (!provider?.connection) {
      call.skip(
        name,
        `provider "${config.provider}" cannot be used: ${provider?.trouble ?? 'it is not configured'}`,
      );
      continue;
    }
    const { connection, sandbox } = provider;
    try {
      const policy = provider.config.dataPolicy;
      const pass = checkEgress({ provider: config.provider, policy, dataClass: target.dataClass });
      if (call.skipDrained(name)) drained = true;
      else allowed.push({ name, config, connection, sandbox, pass });
    } catch (error) {
      if (!(error instanceof TrimtabError)) throw error;
      refusal = error;
      call.skip(name, error.message);
    }
  }
  if (allowed.length > 0) return allowed;
  if (refusal && !drained) throw refusal;
  throw noneLeft(call);
}

/** The error of a call for which no deployment is left, with each reason. Limits of ours that may have room soon count first. */
export function noneLeft(call: Call): TrimtabError {
  const reasons = call.skipped.map(({ deployment, reason }) => `${deployment}: ${reason}`).join('; ');
  const task = call.target?.task ?? '';
  const { limits, circuitWaitMs } = call;
  const waits = [...limits.map(({ waitMs }) => waitMs), ...(circuitWaitMs === null ? [] : [circuitWaitMs])];
  const isFull = limits.some(({ cause }) => cause === 'full');
  return new TrimtabError(
    limits.length === 0 ? 'no_deployment' : isFull ? 'queue_full' : 'deployment_limited',
    `No deployment can take this call of "${task}" now${reasons ? `: ${reasons}` : ': its route names none'}.`,
    waits.length === 0 ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(Math.min(...waits) / 1000)) },
  );
}
