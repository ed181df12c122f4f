/** Describes columns of projections. */

/** What a column can hold. */
export const columnTypes = ['text', 'integer', 'boolean', 'timestamp', 'bytes', 'json'] as const
export type ColumnType = (typeof columnTypes)[number]

/** One column. */
export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** jq. */
  readonly value: string
  /** Rows are found faster by it. */
  readonly index: boolean
  /** The row of a key holds the sum over its events, not the value of the last one. */
  readonly sum: boolean
}
