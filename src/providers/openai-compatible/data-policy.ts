import { defaultAllow } from '../../stack/party.ts';
import type { DataPolicy, Party } from '../../stack/stack.ts';
import type { Preset } from './preset.ts';

/** The data policy of a preset at an address when the config declares none. */
export function toDataPolicy(preset: Preset, baseUrl: string): DataPolicy {
  const { data } = preset;
  if (typeof data === 'function') return data(baseUrl);
  if (data.party === 'third' || data.party === 'private') {
    // What a vendor publishes holds for its own servers, not for a proxy somebody put in front.
    const host = hostOf(baseUrl) ?? '';
    const own = preset.baseUrl === null ? null : hostOf(preset.baseUrl);
    return (data.hosts?.test(host) ?? own === host)
      ? policyOf(data.party, { retentionDays: data.retentionDays, trainsOnData: data.trainsOnData })
      : policyOf('third');
  }
  if (data.party === null) return policyOf(null);
  return isPrivateAddress(baseUrl)
    ? policyOf('own', { retentionDays: 0, trainsOnData: false })
    : policyOf(null);
}

/** A policy with the default classes of its party. */
export function policyOf(
  party: Party | null,
  facts: Pick<DataPolicy, 'retentionDays' | 'trainsOnData'> = { retentionDays: null, trainsOnData: null },
): DataPolicy {
  return { party, allow: defaultAllow(party), regions: [], ...facts };
}

/**
 * Whether a URL names a machine that only a private network reaches: loopback, link-local, RFC 1918, RFC 4193, or a
 * name under `.local`, `.internal` or `.localhost`. A bare host name is not: it may resolve to anything.
 */
export function isPrivateAddress(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? '';
  if (host === 'localhost' || /\.(local|internal|localhost)$/.test(host)) return true;
  if (host.startsWith('[')) return isPrivateIpv6(host.slice(1, -1));
  const parts = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(host);
  if (!parts) return false;
  const [first, second] = [Number(parts[1]), Number(parts[2])];
  return (
    first === 10 ||
    first === 127 ||
    (first === 172 && second >= 16 && second <= 31) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254)
  );
}

function isPrivateIpv6(address: string): boolean {
  return address === '::1' || /^f[cd][0-9a-f]{2}:/.test(address) || /^fe[89ab][0-9a-f]:/.test(address);
}

function hostOf(url: string): string | null {
  return URL.parse(url)?.host ?? null;
}
