/** What the endpoints of load tests answer. @see api-types.ts */
import type { LoadTest } from '../capacity/load-test/load-test.ts';

/** GET /api/v1/load-tests/:id, POST /api/v1/load-tests, POST /api/v1/load-tests/:id/cancel */
export interface LoadTestAnswer extends LoadTest {
  /** Calls made, and the most there will be; `null`: it has ended. */
  progress: { done: number; total: number } | null;
}

/** GET /api/v1/load-tests?deployment&limit&before */
export interface LoadTestsAnswer {
  loadTests: LoadTest[];
  next: string | null;
}

/** POST /api/v1/load-tests/expected: what a test would send and cost, before it is begun. */
export interface LoadTestExpected {
  deployment: string;
  sandbox: boolean;
  workload: string;
  /** The most calls there will be. */
  maxCalls: number;
  meanInputTokens: number;
  meanOutputTokens: number;
  /** `null`: no price is known. */
  callUsd: number | null;
  /** The most it will cost; `null`: no price is known. */
  mostUsd: number | null;
  priceSource: string | null;
}
