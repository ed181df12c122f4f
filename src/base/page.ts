/** Describes one page of a list that is read by cursor. */

/** What a list is asked for. */
export interface PageQuery {
  /** 1 to 200. */
  readonly limit: number
  /** The `next` of the page before; absent for the first page. */
  readonly cursor?: string | undefined
}

/** Items, newest first, and the cursor of what follows them; `next` is absent on the last page. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string | undefined
}
