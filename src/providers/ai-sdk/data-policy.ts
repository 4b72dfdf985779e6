import { defaultAllow } from '../../stack/party.ts';
import type { DataPolicy } from '../../stack/stack.ts';

/** What a vendor publishes of its own servers. `null`: nothing firm, or it depends on the account. */
export interface HostedParty {
  /** `private`: the models run in the customer's own cloud account. */
  party: 'third' | 'private';
  /** Hosts that are the vendor's. */
  hosts: RegExp;
  retentionDays: number | null;
  trainsOnData: boolean | null;
  /** Where the vendor says so; `null` when it states neither. */
  source: string | null;
}

/** The policy at an address: what is published holds for the vendor's own hosts, not for a proxy in front. */
export function toDataPolicy(data: HostedParty, baseUrl: string): DataPolicy {
  const isItsOwn = data.hosts.test(URL.parse(baseUrl)?.hostname ?? '');
  const party = isItsOwn ? data.party : 'third';
  return {
    party,
    allow: defaultAllow(party),
    regions: [],
    retentionDays: isItsOwn ? data.retentionDays : null,
    trainsOnData: isItsOwn ? data.trainsOnData : null,
  };
}
