/** Describes projections: tables of what events of a chain, or its blocks, say. */

import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { Column } from './column.ts'
import type { ProjectionLife } from './declaration.ts'

/** One row by its columns: integers as decimal text, bytes as hex, times as RFC 3339. */
export type ProjectedRow = { readonly [column: string]: Json }

/** Which rows are asked for. */
export interface RowsQuery {
  /** 1 to 1,000. */
  readonly limit: number
  /** Of a page or row before, in the same order. */
  readonly cursor?: string | undefined
  /** Names of columns; all that are declared unless named. `qs_block` and the like are there, too. */
  readonly columns?: readonly string[] | undefined
  /** `COLUMN.OPERATOR.VALUE`: eq, ne, gt, gte, lt, lte, in, prefix, null; all of them must hold. */
  readonly where?: readonly string[] | undefined
  /** A column with an index, or `qs_block`; with `-` before it the greatest first. Default `-qs_block`. */
  readonly order?: string | undefined
}

/** How a projection is. */
export interface ProjectionStatus {
  readonly name: string
  readonly description: string | undefined
  readonly chain: string
  /** Names of its events, or its dataset. */
  readonly sources: readonly string[]
  readonly life: ProjectionLife
  readonly columns: readonly Column[]
  readonly key: readonly string[]
  /**
   * `filling`: stored events, or blocks, from before are not all in yet; `ready`; `waiting`: its chain does not answer;
   * `stopped`: it cannot go on; `undeclared`: its table is left from a declaration that is gone.
   */
  readonly state: 'filling' | 'ready' | 'waiting' | 'stopped' | 'undeclared'
  /** How far it is filled: of stored events by their numbers, of a dataset by blocks. */
  readonly progress: { readonly done: number; readonly last: number }
  /** Records that made no rows because they failed. */
  readonly failures: number
  /** Why it waits or stopped. */
  readonly problem: string | undefined
}

/** A record whose mapping failed. */
export interface ProjectionFailure {
  /** The event, or what of a block. */
  readonly record: string
  readonly block: number
  readonly reason: string
  readonly atMs: number
}

/** One row of an export, and the cursor that goes on behind it. */
export interface ExportedRow {
  readonly row: ProjectedRow
  readonly cursor: string
}

/**
 * What people ask of projections. Every method that takes a name throws AppError `projection/unknown`; what reads rows throws
 * `projection/bad-query`.
 */
export interface ProjectionDesk {
  list(): Promise<readonly ProjectionStatus[]>
  get(name: string): Promise<ProjectionStatus>
  rows(name: string, query: RowsQuery): Promise<Page<ProjectedRow>>
  /** Rows page by page, in an order in which none moves while others change; `columns` are those of each row. */
  export(
    name: string,
    query: Omit<RowsQuery, 'limit' | 'order'>,
  ): {
    readonly columns: readonly string[]
    readonly pages: () => AsyncGenerator<readonly ExportedRow[]>
  }
  failures(name: string, query: PageQuery): Promise<Page<ProjectionFailure>>
  /** Empties a table and fills it anew; it has all rows again when its state is `ready`. */
  rebuild(name: string): Promise<void>
}
