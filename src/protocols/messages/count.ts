import { estimateInput } from '../../providers/estimate.ts';

/** The answer to a count where the deployment cannot count: our estimate. */
export function estimateCount(body: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(JSON.stringify({ input_tokens: estimateInput(body) }));
}
