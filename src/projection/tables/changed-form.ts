/** Says what it takes to make a table of one declaration into that of another. */

import type { Declaration } from '../declaration.ts'
import type { TableForm } from './table.ts'

/** What of a declaration decides about its table and rows, and the chain that it is of. */
export interface StoredForm extends TableForm {
  readonly chain: string
  readonly life: string
  /** Of the chain's own data, which are read anew after any change. */
  readonly dataset: string | null
  /** Events with the addresses of their contracts, or the dataset with its first block. */
  readonly sources: readonly string[]
  readonly filter: string | null
  readonly each: string | null
}

/** `anew`: other rows or types, so that nothing of the table can stay; `again`: all rows are made again in their place. */
export type FormChange = 'none' | 'columns' | 'again' | 'anew'

/** The form of a declaration, as it is stored beside the table. */
export function storedForm(
  { name, columns, key, life, filter, each }: Declaration,
  of: Pick<StoredForm, 'chain' | 'sources' | 'dataset'>,
): StoredForm {
  const jq = { filter: filter ?? null, each: each ?? null }
  const { chain, sources, dataset } = of
  return { name, columns, key, life, ...jq, chain, sources, dataset }
}

/** What has changed. */
export function changeOf(from: StoredForm, to: StoredForm): FormChange {
  const identity = ({ chain, life, sources, key }: StoredForm) =>
    JSON.stringify([chain, life, [...sources].sort(), key])
  if (identity(from) !== identity(to)) return 'anew'
  const before = new Map(from.columns.map((column) => [column.name, column]))
  const kept = to.columns.flatMap((column) => {
    const known = before.get(column.name)
    return known ? [{ known, column }] : []
  })
  if (kept.some(({ known, column }) => known.type !== column.type || known.sum !== column.sum)) {
    return 'anew'
  }
  // Values of an index are short, and those that are there may not be.
  const isLong = ({ known, column }: (typeof kept)[number]) =>
    column.index && !known.index && (column.type === 'text' || column.type === 'bytes')
  if (kept.some(isLong)) return 'anew'
  const isAdded = kept.length < to.columns.length
  const isMapped = kept.some(({ known, column }) => known.value !== column.value)
  if (isAdded || isMapped || from.filter !== to.filter || from.each !== to.each) {
    return to.dataset === null ? 'again' : 'anew'
  }
  const isIndexed = kept.some(({ known, column }) => known.index !== column.index)
  return kept.length < from.columns.length || isIndexed ? 'columns' : 'none'
}
