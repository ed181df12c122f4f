/** Follows the node's event stream, and writes what it tells into the caches that pages read. */

import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type {
  Block,
  ChainEvent,
  Instance,
  InstanceDetail,
  JournalEntry,
  Notification,
  Page,
} from './shapes.ts'

/** Items kept of each live list, so that a page left open all day stays small. */
const keptItems = 200

/** Whether the stream is up, and when something was last heard. */
export interface Liveness {
  readonly connected: boolean
  readonly since: number
}

/** Keeps the stream open while the console is. */
export function useLiveStream(): Liveness {
  const client = useQueryClient()
  const [liveness, setLiveness] = useState<Liveness>({ connected: true, since: Date.now() })
  useEffect(() => {
    const source = new EventSource('/v1/stream')
    const hear = <T>(event: string, take: (data: T) => void) =>
      source.addEventListener(event, (message) =>
        take(JSON.parse((message as MessageEvent).data) as T),
      )
    source.onopen = () => {
      setLiveness({ connected: true, since: Date.now() })
      // What was missed while the line was down is asked for again.
      void client.invalidateQueries()
    }
    source.onerror = () =>
      setLiveness((before) => (before.connected ? { connected: false, since: Date.now() } : before))
    hear<Block>('block', (block) => addItem(client, ['blocks'], block, ({ hash }) => hash))
    hear<ChainEvent>('event', () => void client.invalidateQueries({ queryKey: ['events'] }))
    hear<{ instance: Instance; entry: JournalEntry }>('instance', ({ instance, entry }) => {
      takeInstance(client, instance, entry)
    })
    hear<Notification>('notification', (one) =>
      addItem(client, ['notifications'], one, ({ id }) => id),
    )
    return () => source.close()
  }, [client])
  return liveness
}

/** Pages of a list as TanStack Query keeps them. */
interface Pages<T> {
  readonly pages: readonly Page<T>[]
  readonly pageParams: readonly unknown[]
}

/** Puts an item first on a list, or in its old place if it is known. */
export function withItem<T>(pages: Pages<T>, item: T, idOf: (item: T) => string): Pages<T> {
  const id = idOf(item)
  if (pages.pages.some(({ items }) => items.some((one) => idOf(one) === id))) {
    const replace = (one: T) => (idOf(one) === id ? item : one)
    return {
      ...pages,
      pages: pages.pages.map((page) => ({ ...page, items: page.items.map(replace) })),
    }
  }
  const [first, ...rest] = pages.pages
  if (first === undefined) return pages
  const full = first.items.length >= keptItems
  const items = [item, ...first.items].slice(0, keptItems)
  return { ...pages, pages: [{ ...first, items }, ...(full ? [] : rest)] }
}

function addItem<T>(
  client: QueryClient,
  key: readonly string[],
  item: T,
  idOf: (item: T) => string,
) {
  client.setQueriesData<Pages<T>>(
    { queryKey: key },
    (pages) => pages && withItem(pages, item, idOf),
  )
}

function takeInstance(client: QueryClient, instance: Instance, entry: JournalEntry): void {
  addItem(client, ['instances', 'all'], instance, ({ id }) => id)
  client.setQueryData<InstanceDetail>(['instance', instance.id], (known) => {
    if (known === undefined || known.journal.some(({ seq }) => seq === entry.seq)) return known
    return { ...known, ...instance, journal: [...known.journal, entry] }
  })
  void client.invalidateQueries({ queryKey: ['instances', 'filtered'] })
  void client.invalidateQueries({ queryKey: ['status'] })
  if (instance.status === 'completed') void client.invalidateQueries({ queryKey: ['records'] })
}
