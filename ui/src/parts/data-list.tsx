/** Shows a list from the API as a table that is read page by page. */

import type { ReactNode } from 'react'
import type { useList } from '../api/questions.ts'
import { Failure, Loading } from './states.tsx'

interface DataTableProps<T> {
  readonly items: readonly T[]
  readonly caption: string
  readonly columns: Readonly<Record<string, (item: T) => ReactNode>>
  readonly idOf: (item: T) => string
}

interface DataListProps<T> extends Omit<DataTableProps<T>, 'items'> {
  readonly list: ReturnType<typeof useList<T>>
  readonly empty: ReactNode
}

/** A table with its states: loading, failed, empty, more to come. */
export function DataList<T>({ list, caption, columns, idOf, empty }: DataListProps<T>) {
  if (list.isPending) return <Loading what={caption} />
  if (list.isLoadingError) return <Failure error={list.error} onRetry={() => void list.refetch()} />
  const items = list.data.pages.flatMap((page) => page.items)
  if (items.length === 0) return empty
  return (
    <>
      <DataTable items={items} caption={caption} columns={columns} idOf={idOf} />
      {list.hasNextPage && (
        <button
          type="button"
          disabled={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Load more
        </button>
      )}
      {list.isFetchNextPageError && <Failure error={list.error} />}
    </>
  )
}

/** A table of items, which on a narrow screen becomes a list. */
export function DataTable<T>({ items, caption, columns, idOf }: DataTableProps<T>) {
  return (
    <table>
      <caption className="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {Object.keys(columns).map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={idOf(item)}>
            {Object.entries(columns).map(([name, cell]) => (
              <td key={name} data-label={name}>
                {cell(item)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
