/** Follows the node's event stream, and writes what it tells into the caches that pages read. */

import { type Query, type QueryClient, type QueryKey, useQueryClient } from '@tanstack/react-query'
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
    const lost = () =>
      setLiveness((before) => (before.connected ? { connected: false, since: Date.now() } : before))
    const opened = () => {
      setLiveness({ connected: true, since: Date.now() })
      // What was missed while the line was down is asked for again.
      askAnew(client, [])
    }
    return followStream('/v1/stream', (source) => {
      source.onopen = opened
      source.addEventListener('error', lost)
      hearEvents(source, client)
    })
  }, [client])
  return liveness
}

/** Pause before a stream is opened anew that the browser itself has given up. */
const reopenMs = 2_000

/**
 * Keeps a stream open: a browser comes back by itself after a broken line, but not after an answer that is no
 * stream, as when too many are open.
 *
 * @returns what ends it
 */
export function followStream(path: string, begin: (source: EventSource) => void): () => void {
  let source: EventSource
  let again: ReturnType<typeof setTimeout> | undefined
  const open = () => {
    source = new EventSource(path)
    source.addEventListener('error', () => {
      if (source.readyState === source.CLOSED) again = setTimeout(open, reopenMs)
    })
    begin(source)
  }
  open()
  return () => {
    clearTimeout(again)
    source.close()
  }
}

function hearEvents(source: EventSource, client: QueryClient): void {
  const hear = <T>(event: string, take: (data: T) => void) =>
    source.addEventListener(event, (message) =>
      take(JSON.parse((message as MessageEvent).data) as T),
    )
  hear<Block>('block', (block) => takeBlock(client, block))
  hear<ChainEvent>('event', () => {
    askAnew(client, ['events'])
    askAnew(client, ['event'])
  })
  hear<{ instance: Instance; entry: JournalEntry }>('instance', ({ instance, entry }) => {
    takeInstance(client, instance, entry)
  })
  hear<Notification>('notification', (one) =>
    addItem(client, ['notifications'], one, ({ id }) => id),
  )
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
  if (full) return { pages: [{ ...first, items }], pageParams: pages.pageParams.slice(0, 1) }
  return { ...pages, pages: [{ ...first, items }, ...rest] }
}

/** Without the blocks that a new block takes the place of after a reorganisation. */
export function withoutReplaced(pages: Pages<Block>, block: Block): Pages<Block> {
  const stays = (one: Block) =>
    one.chain !== block.chain || one.number < block.number || one.hash === block.hash
  return {
    ...pages,
    pages: pages.pages.map((page) => ({ ...page, items: page.items.filter(stays) })),
  }
}

/** First answers under way that are to be asked for once more. */
const askedAgain = new WeakSet<Query>()

/**
 * Has what is cached under a key asked for anew. A first answer that is under way may be older than what was just told,
 * and the cache takes it for the new one; so it is asked for once more when it is there.
 */
function askAnew(client: QueryClient, queryKey: QueryKey): void {
  for (const query of client.getQueryCache().findAll({ queryKey, fetchStatus: 'fetching' })) {
    if (query.state.data !== undefined || askedAgain.has(query)) continue
    askedAgain.add(query)
    const again = () => {
      askedAgain.delete(query)
      void client.invalidateQueries({ queryKey: query.queryKey, exact: true })
    }
    query.promise?.then(again, again)
  }
  void client.invalidateQueries({ queryKey })
}

/** Puts an item on every list of a key that is in the cache. */
export function addItem<T>(
  client: QueryClient,
  key: readonly unknown[],
  item: T,
  idOf: (item: T) => string,
) {
  for (const query of client.getQueryCache().findAll({ queryKey: key })) {
    const pages = query.state.data as Pages<T> | undefined
    if (pages === undefined) {
      askAnew(client, query.queryKey)
      continue
    }
    // An answer that is under way is older than the item, and would replace it.
    const isAsked = query.state.fetchStatus === 'fetching'
    client.setQueryData(query.queryKey, withItem(pages, item, idOf))
    // A list that was cut off does not fit the cursor of what follows it: it is read anew.
    const wasCut = (pages.pages[0]?.items.length ?? 0) >= keptItems
    if (isAsked || wasCut) void client.invalidateQueries({ queryKey: query.queryKey, exact: true })
  }
}

/** Puts a block on top of the lists; where blocks between are missing, the list is read anew. */
export function takeBlock(client: QueryClient, block: Block): void {
  for (const { queryKey, state } of client.getQueryCache().findAll({ queryKey: ['blocks'] })) {
    const pages = state.data as Pages<Block> | undefined
    const [newest] = pages?.pages[0]?.items ?? []
    if (pages === undefined) continue
    if (newest && newest.number < block.number - 1) {
      void client.invalidateQueries({ queryKey, exact: true }, { cancelRefetch: false })
    } else {
      client.setQueryData(queryKey, withoutReplaced(pages, block))
      addItem(client, queryKey, block, ({ hash }) => hash)
    }
  }
}

/** Adds what happened in a run to what is known of it. */
export function takeInstance(client: QueryClient, instance: Instance, entry: JournalEntry): void {
  addItem(client, ['instances', 'all'], instance, ({ id }) => id)
  const key = ['instance', instance.id]
  const known = client.getQueryData<InstanceDetail>(key)
  // Steps that have begun are told without a place in the journal, until they have ended.
  const kept = known?.journal.filter(({ seq, step }) => seq !== 0 || step !== entry.step) ?? []
  const last = Math.max(0, ...kept.map(({ seq }) => seq))
  const isNext = known !== undefined && (entry.seq === 0 || entry.seq === last + 1)
  if (isNext) client.setQueryData(key, { ...known, ...instance, journal: [...kept, entry] })
  // Something was missed, or an answer is under way that is older than this: what is asked for now has it.
  const isAsked = client.getQueryState(key)?.fetchStatus === 'fetching'
  if (entry.seq > last && (!isNext || isAsked)) {
    askAnew(client, key)
  }
  askAnew(client, ['instances', 'filtered'])
  askAnew(client, ['status'])
  if (instance.status === 'completed') askAnew(client, ['records'])
}
