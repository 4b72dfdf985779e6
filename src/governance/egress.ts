/**
 * The egress check: the one function every outbound model call passes. The gateway's upstream send takes the
 * {@link EgressPass} it returns, so code that skipped the check does not compile.
 */
import { TrimtabError } from '../core/error.ts';
import type { DataClass } from '../core/protocol.ts';
import { mayTakeRestricted } from '../stack/party.ts';
import type { DataPolicy } from '../stack/stack.ts';

declare const checked: unique symbol;

/** Proof that data of this class may go to this provider. Made only by {@link checkEgress}. */
export interface EgressPass {
  readonly [checked]: true;
  readonly provider: string;
  readonly dataClass: DataClass;
}

export interface EgressQuestion {
  /** Name of the provider instance in the config. */
  provider: string;
  policy: DataPolicy;
  dataClass: DataClass;
}

/**
 * Throws data_policy_refused unless the provider's declared policy allows the data class. Deny by default: a policy
 * without a party allows nothing whatever it lists, and restricted data goes to no third party, listed or not. To a
 * private deployment (`private`) it goes only where the policy lists it.
 */
export function checkEgress({ provider, policy, dataClass }: EgressQuestion): EgressPass {
  const path = `providers.${provider}.dataPolicy`;
  if (policy.party === null) {
    throw refuse(
      path,
      `Provider "${provider}" has no declared data policy, so it may not be sent ${dataClass} data. Declare \`${path}.party\`: "own", "private" or "third".`,
    );
  }
  if (dataClass === 'restricted' && !mayTakeRestricted(policy.party)) {
    throw refuse(
      path,
      `Provider "${provider}" is a third party; restricted data goes only to providers whose \`${path}.party\` is "own" or "private".`,
    );
  }
  if (!policy.allow.includes(dataClass)) {
    const allowed = policy.allow.length === 0 ? 'nothing' : policy.allow.join(', ');
    throw refuse(
      path,
      `Provider "${provider}" may not be sent ${dataClass} data: its data policy allows ${allowed}. Add "${dataClass}" to \`${path}.allow\` if it may.`,
    );
  }
  return { provider, dataClass } as EgressPass;
}

function refuse(field: string, message: string): TrimtabError {
  return new TrimtabError('data_policy_refused', message, { field });
}
