import type { Dialect, Kysely, Transaction } from 'kysely';
import type { BulkTable, Row } from '../bulk-table.ts';
import type { MigrationWords } from '../migrations/migration.ts';
import type { Database } from '../schema.ts';

/**
 * What differs between databases. Everything outside `engines/` asks for a capability or calls one of these
 * methods; nothing there asks for an engine's name.
 */
export interface Engine {
  /** Shown to people; never compared. */
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly dialect: Dialect;
  readonly words: MigrationWords;
  /** Statements that end a migration to `version`: partitions, planner statistics. */
  afterMigration(version: number): readonly string[];
  /** Holds off other writers of the schema until the transaction ends. */
  lockSchema(trx: Transaction<Database>): Promise<void>;
  /** Holds off other writers of rollups until the transaction ends. Take it after inserting rows, never before. */
  lockRollups(trx: Transaction<Database>): Promise<void>;
  /** Inserts the rows whose key is not there yet and returns the positions of those, in order. */
  insertNew(trx: Transaction<Database>, table: BulkTable, rows: readonly Row[]): Promise<number[]>;
  /** Adds rows to those of the same key: sums are added, histograms merged. Needs {@link lockRollups}. */
  addUp(trx: Transaction<Database>, table: BulkTable, rows: readonly Row[]): Promise<void>;
  /** Makes room for calls of these days (epoch milliseconds at 0:00 UTC). Nothing to do without partitions. */
  prepareDays(db: Kysely<Database>, days: readonly number[]): Promise<void>;
  /** Drops whole partitions of `table` that end at or before `before`; the number of rows they held. */
  dropPartitions(db: Kysely<Database>, table: PartitionedTable, before: number): Promise<number>;
  /** Returns freed space to the file system, in steps that yield to other work. */
  giveBack(db: Kysely<Database>): Promise<void>;
  /** Bytes on disk of tables and indexes. */
  bytes(db: Kysely<Database>): Promise<number>;
}

export interface Capabilities {
  /** Calls and payloads stand in one partition per day, dropped whole. */
  readonly partitions: boolean;
  readonly jsonb: boolean;
  /** LISTEN / NOTIFY between processes. */
  readonly notify: boolean;
  /** FOR UPDATE SKIP LOCKED. */
  readonly skipLocked: boolean;
}

export type PartitionedTable = 'calls' | 'payloads';
