/** Rows in bulk: what a table tells an engine that takes a thousand at once. */

export type ColumnKind = 'text' | 'int2' | 'int4' | 'int8' | 'float' | 'json' | 'bytes';
export type Cell = string | number | null | Uint8Array;
/** Cells in the order of the table's columns. */
export type Row = readonly Cell[];

/** A table that takes many rows at once. */
export interface BulkTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnKind>>;
  readonly key: readonly string[];
  /** Columns that `Engine.addUp` adds; zero is kept as null, which takes no room. */
  readonly sums?: readonly string[];
  /** Columns that `Engine.addUp` merges as encoded histograms. */
  readonly histograms?: readonly string[];
}
