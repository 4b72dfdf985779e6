/** Tables of jobs, files and batches, as {@link Database} in `schema.ts` lists them. */

export interface JobsTable {
  id: string;
  kind: string;
  state: string;
  /** JSON. */
  input: string;
  done: number | null;
  total: number | null;
  /** JSON. */
  result: string | null;
  error: string | null;
  attempts: number;
  max_attempts: number | null;
  worker: string | null;
  cancel_requested: number;
  run_at: number;
  heartbeat_at: number | null;
  created_at: number;
  ended_at: number | null;
}

export interface FilesTable {
  id: string;
  key_id: string;
  filename: string;
  purpose: string;
  bytes: number;
  /** 0: it is being written, or removed. */
  ready: number;
  created_at: number;
  expires_at: number;
}

export interface FileChunksTable {
  file_id: string;
  seq: number;
  body: Uint8Array;
}

export interface BatchesTable {
  id: string;
  key_id: string;
  job_id: string;
  status: string;
  endpoint: string;
  completion_window: string;
  input_file_id: string;
  output_file_id: string | null;
  error_file_id: string | null;
  /** JSON. */
  metadata: string | null;
  /** JSON. */
  errors: string | null;
  total: number;
  completed: number;
  failed: number;
  created_at: number;
  expires_at: number;
  in_progress_at: number | null;
  finalizing_at: number | null;
  cancelling_at: number | null;
  ended_at: number | null;
}

export interface BatchLinesTable {
  batch_id: string;
  /** Counts from 1, as in the input file. */
  line: number;
  custom_id: string;
  /** JSON. */
  body: string;
  answered: number;
  status: number | null;
  /** JSON. */
  answer: string | null;
  call_id: string | null;
  error_code: string | null;
  error_message: string | null;
  /** Id of a part, or `queue`; `null`: no way is chosen yet. */
  part: string | null;
}

export interface BatchPartsTable {
  id: string;
  batch_id: string;
  deployment: string;
  data_class: string;
  endpoint: string;
  state: string;
  vendor_id: string | null;
  vendor_status: string | null;
  lines: number;
  completed: number;
  failed: number;
  tries: number;
  due_at: number;
  sent_at: number | null;
  note: string | null;
  /** JSON. */
  passed_over: string;
  created_at: number;
  ended_at: number | null;
}
