import type { ColumnKind } from '../bulk-table.ts';

/** One step of the schema. Never edited once released: a later step changes what an earlier one made. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** The statements, in order, for an engine with these column types. */
  up(words: MigrationWords): readonly string[];
}

/** What an engine calls things. */
export interface MigrationWords {
  /** `serial`: a primary key that counts up and never comes back to a number. */
  readonly types: Readonly<Record<ColumnKind | 'serial', string>>;
  /** Whether calls and payloads are partitioned by ranges of their id. */
  readonly partitions: boolean;
  /** What ends a table that is kept in the order of its primary key; '' where there is no such thing. */
  readonly clustered: string;
}
