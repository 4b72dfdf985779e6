import { z } from 'zod';

/** `batch` of a deployment and of a task. */
export const batchThroughSchema = z
  .enum(['vendor', 'queue'])
  .optional()
  .describe(
    "How lines of `/v1/batches` are called: by the vendor's own batch API, within 24 hours and at its batch price, or one by one by our queue. `queue` here or at the task's deployment stands. Default: `vendor` where the vendor's live deployments take batches (docs/batches.md).",
  );
