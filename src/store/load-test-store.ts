/** A load test and the job that makes it. The body is JSON that its own room writes and reads. */
export interface StoredLoadTest {
  id: string;
  deployment: string;
  jobId: string;
  /** Epoch milliseconds. */
  createdAt: number;
  body: unknown;
}

/** Few rows, each written again after every stretch of load. */
export interface LoadTestStore {
  add(test: StoredLoadTest): Promise<void>;
  /** Returns false when it is not there any more. */
  change(id: string, body: unknown): Promise<boolean>;
  get(id: string): Promise<StoredLoadTest | undefined>;
  /** Newest first; `before` is the last id of the page above. */
  list(filter: { deployment?: string; limit: number; before?: string }): Promise<StoredLoadTest[]>;
  /** Returns false when it was not there. */
  remove(id: string): Promise<boolean>;
  /** Deletes what was begun before, epoch milliseconds. */
  expire(before: number): Promise<void>;
}
