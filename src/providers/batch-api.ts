/**
 * A vendor's own batch API, as part of the provider seam: it builds requests and reads bytes, and does no I/O. A batch
 * goes there in parts, each the work of one deployment: upload where the vendor wants a file, create, ask how it is,
 * read the results line by line, remove what lies there.
 */
import type { UpstreamRequest } from './upstream-request.ts';
import type { Failure, HeaderLookup } from './vendor-failure.ts';

export interface BatchApi {
  /** Whether deployments use it that do not say. Default of a vendor whose live deployments also take batches. */
  readonly isDefault: boolean;
  /** What a token costs in a batch, as a share of its price in a live call: 0.5. */
  readonly priceShare: number;
  /** Whether a batch carries our name for it ({@link VendorBatch.mark}), by which it is found again. */
  readonly keepsMark: boolean;
  /** The vendor's bounds of one batch. */
  readonly maxLines: number;
  readonly maxBytes: number;
  /** What the batch says it calls, for a request built for a live call; `null`: no batch takes it. All lines of one batch have the same. */
  endpointOf(request: UpstreamRequest): string | null;
  /**
   * A line of the input: the body of a request built for a live call, under our id (up to 64 letters, digits, `_` and `-`).
   * Without a line break.
   */
  toLine(id: string, request: UpstreamRequest): Buffer;
  /** `null`: the lines go into {@link create} itself. */
  upload(name: string, lines: readonly Buffer[]): UpstreamRequest | null;
  readUpload(reply: BatchReply): UploadedFile | Failure;
  create(batch: NewVendorBatch): UpstreamRequest;
  get(id: string): UpstreamRequest;
  cancel(id: string): UpstreamRequest;
  /** Reads what `create`, `get` and `cancel` answer. */
  readBatch(reply: BatchReply): VendorBatch | Failure;
  /** Batches of the account, newest first, from after this id on. */
  list(after: string | null): UpstreamRequest;
  readList(reply: BatchReply): VendorBatchPage | Failure;
  /** Of a batch that ended: requests whose answers hold one result per line. */
  results(batch: VendorBatch): UpstreamRequest[];
  /** `null`: the line is no result. */
  readResult(line: Buffer): VendorResult | null;
  /** What error answers to {@link results} and the like mean. */
  readFailure(reply: BatchReply): Failure;
  /** Deletes what the vendor still keeps of a batch whose results are read. */
  remove(batch: VendorBatch): UpstreamRequest[];
}

/** A complete answer of the vendor. */
export interface BatchReply {
  status: number;
  headers: HeaderLookup;
  body: Buffer;
}

export interface UploadedFile {
  kind: 'file';
  id: string;
}

export interface NewVendorBatch {
  endpoint: string;
  /** Of the uploaded file; `null` where there is none. */
  fileId: string | null;
  lines: readonly Buffer[];
  /** Our name for it. */
  mark: string;
}

export interface VendorBatch {
  kind: 'batch';
  id: string;
  /** `ended`: nothing more will come; its results can be read. */
  state: 'working' | 'ended';
  /** The vendor's own word. */
  status: string;
  mark: string | null;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Lines, as the vendor counts them. `total` `null`: not counted yet. */
  total: number | null;
  completed: number;
  failed: number;
  /** Files at the vendor that hold results, and the one that held the lines. */
  resultFiles: readonly string[];
  inputFile: string | null;
}

export interface VendorBatchPage {
  kind: 'page';
  batches: readonly VendorBatch[];
  /** To go on after; `null`: that was the last. */
  after: string | null;
}

/** What came of one line. */
export type VendorResult = {
  /** Ours, from {@link BatchApi.toLine}. */
  id: string;
} & (
  | { kind: 'answer'; status: number; body: Buffer }
  /** The vendor did not get to it: the batch expired or was cancelled before. */
  | { kind: 'undone' }
);
