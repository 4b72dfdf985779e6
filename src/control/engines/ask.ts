/** Asks an engine something, off the request path: through the same egress check and the same kind of connection as a call. */
import type { Clock } from '../../core/clock.ts';
import { TrimtabError } from '../../core/error.ts';
import type { TransferListener } from '../../gateway/upstream/transfer.ts';
import { toTrouble } from '../../gateway/upstream/trouble.ts';
import type { Upstream } from '../../gateway/upstream/upstream.ts';
import { checkEgress, type EgressPass } from '../../governance/egress.ts';
import type { UpstreamRequest } from '../../providers/provider.ts';
import type { DataPolicy } from '../../stack/stack.ts';

const CONNECT_MS = 1_000;
const MAX_BYTES = 4 * 1024 * 1024;

export interface Asker {
  upstream: Upstream;
  clock: Clock;
}

export interface Whom {
  provider: string;
  policy: DataPolicy;
  /** An answer that takes longer fails, milliseconds. */
  withinMs: number;
}

export interface Told {
  status: number;
  body: Buffer;
}

/**
 * Nothing of a user is in these requests, so the policy must allow public data. Rejects with
 * TrimtabError(data_policy_refused | upstream_error | timeout_*), which names the provider.
 */
export async function ask(asker: Asker, { provider, policy, withinMs }: Whom, request: UpstreamRequest) {
  const pass = checkEgress({ provider, policy, dataClass: 'public' });
  return tell(asker, pass, { request, withinMs });
}

function tell(
  { upstream, clock }: Asker,
  pass: EgressPass,
  { request, withinMs }: { request: UpstreamRequest; withinMs: number },
): Promise<Told> {
  const who = `Provider "${pass.provider}"`;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let status = 0;
    const fail = (error: TrimtabError): void => {
      timer.stop();
      transfer?.release();
      reject(error);
    };
    const listener: TransferListener = {
      sent() {},
      headed(code) {
        status = code;
      },
      received(chunk) {
        size += chunk.length;
        if (size > MAX_BYTES)
          fail(new TrimtabError('upstream_too_large', `${who} sent over ${MAX_BYTES} bytes.`));
        else chunks.push(chunk);
      },
      ended() {
        timer.stop();
        resolve({ status, body: Buffer.concat(chunks) });
      },
      broke: (error) => fail(toTrouble(error, who, status > 0).error),
    };
    const timer = clock.after(withinMs, () =>
      fail(new TrimtabError('timeout_total', `${who} did not answer within ${withinMs} ms.`)),
    );
    const transfer = upstream.send(pass, { request, connectMs: CONNECT_MS, listener });
  });
}
