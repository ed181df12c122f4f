/** Asks the API through the query cache. */

import { type InfiniteData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getJson } from './client.ts'
import type { Chain, InstanceDetail, Page, Status, Workflow } from './shapes.ts'

/** The node at a glance, asked again every few seconds. */
export function useStatus() {
  return useQuery({
    queryKey: ['status'],
    queryFn: () => getJson<Status>('/v1/status'),
    refetchInterval: 3_000,
  })
}

/** The chains of the node, asked again every so many milliseconds. */
export function useChains(refetchInterval = 15_000) {
  return useQuery({
    queryKey: ['chains'],
    queryFn: () => getJson<Page<Chain>>('/v1/chains'),
    refetchInterval,
  })
}

/** All deployed workflows, which are 1,000 at most. */
export function useWorkflows() {
  return useQuery({ queryKey: ['workflows'], queryFn: () => wholeList<Workflow>('/v1/workflows') })
}

/** A definition by its hash, for which it stands for ever; nothing is asked without one. */
export function useDefinition(hash: string | undefined) {
  return useQuery({
    queryKey: ['definition', hash],
    queryFn: () => getJson<Workflow>(`/v1/definitions/${hash}`),
    enabled: hash !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** All pages of a list as one. */
export async function wholeList<T>(path: string): Promise<Page<T>> {
  const items: T[] = []
  let cursor = ''
  do {
    const page: Page<T> = await getJson(path + cursor)
    items.push(...page.items)
    cursor = page.next === null ? '' : `?cursor=${encodeURIComponent(page.next)}`
  } while (cursor !== '')
  return { items, next: null }
}

/** One run with its journal; live by the stream. */
export function useInstance(id: string) {
  return useQuery({
    queryKey: ['instance', id],
    queryFn: () => getJson<InstanceDetail>(`/v1/instances/${encodeURIComponent(id)}`),
  })
}

/** One thing by its path, such as a block; asked again every so many milliseconds where that is said. */
export function useThing<T>(key: string, path: string, refetchInterval?: number) {
  return useQuery({
    queryKey: [key, path],
    queryFn: () => getJson<T>(path),
    ...(refetchInterval === undefined ? {} : { refetchInterval }),
  })
}

/** A list that is read page by page; `key` names it for the stream, or it is read anew every so many milliseconds. */
export function useList<T>(key: readonly string[], path: string, refetchInterval?: number) {
  return useInfiniteQuery<Page<T>, Error, InfiniteData<Page<T>>, readonly string[], string>({
    queryKey: key,
    ...(refetchInterval === undefined ? {} : { refetchInterval }),
    initialPageParam: '',
    queryFn: ({ pageParam }) => {
      const separator = path.includes('?') ? '&' : '?'
      return getJson(
        pageParam ? `${path}${separator}cursor=${encodeURIComponent(pageParam)}` : path,
      )
    },
    getNextPageParam: ({ next }) => next ?? undefined,
  })
}
