import type { Clock } from '../core/clock.ts';
import type { MakeId } from '../core/id.ts';
import type { Logger } from '../core/log.ts';
import type { Metrics } from '../evidence/metrics.ts';
import type { DeploymentHealthView } from '../gateway/gateway.ts';
import type { Store } from '../store/store.ts';
import type { AdviceKeeper } from './advice/kept-advice.ts';
import type { EngineWatch } from './engines/watch.ts';
import type { JobRunner } from './jobs/runner.ts';
import type { ProcessHealth } from './link.ts';
import type { LiveCalls } from './live.ts';
import type { Revisions } from './revisions.ts';
import type { SignIn } from './sign-in.ts';

/** What every handler may use. Made once per process by `control.ts`. */
export interface ControlDeps {
  store: Store;
  revisions: Revisions;
  signIn: SignIn;
  live: LiveCalls;
  /** Work in the background. Without a server it is put down for the next one. */
  jobs: Pick<JobRunner, 'add' | 'cancel'>;
  advice: AdviceKeeper;
  metrics: Metrics;
  engines: EngineWatch;
  state: RunState;
  clock: Clock;
  makeId: MakeId;
  logger: Logger;
}

/** Facts of the running process that other parts report and `/api/v1/status` reads. */
export interface RunState {
  readonly version: string;
  readonly startedAt: number;
  url: string | null;
  engine: string;
  /** Last measured health, from the gateway's messages; empty without a gateway. */
  deployments: DeploymentHealthView[];
  /** Deployments that the gateway knows to be drained: no further attempt begins there in this process. */
  drained: string[];
  process: ProcessHealth | null;
  spoolPendingBytes: number;
  presence: { real: boolean; sandbox: boolean };
  storage: { calls: number; bytes: number; bytesPerCall: number | null; oldest: number | null };
}
