/** Checks the parts of the console that decide something: amounts, search, states of steps, lists, the lost line. */

import { QueryClient, QueryClientProvider, QueryObserver } from '@tanstack/react-query'
import { cleanup, render, screen } from '@testing-library/react'
import { keccak256, toHex } from 'viem'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { depositData, depositSelector, etherOf, memoWord, weiOf } from './amounts.ts'
import { type Agreement, bytesText, validatorRows } from './api/consensus.ts'
import {
  addItem,
  followStream,
  takeBlock,
  takeInstance,
  withItem,
  withoutReplaced,
} from './api/live.ts'
import { type useList, wholeList } from './api/questions.ts'
import type { Block, Instance, InstanceDetail, JournalEntry, Step, Workflow } from './api/shapes.ts'
import { LineBar } from './console.tsx'
import { layout } from './graph/layout.ts'
import { stepsOf, stepViews } from './graph/step-states.ts'
import { WorkflowPage } from './pages/workflow-pages.tsx'
import { DataList } from './parts/data-list.tsx'
import { distance, untilText } from './parts/moment.tsx'
import { match } from './router.tsx'
import { destination } from './search.ts'

afterEach(cleanup)

describe('amounts', () => {
  test('ether is turned into wei exactly, and back', () => {
    expect(weiOf('1')).toBe(10n ** 18n)
    expect(weiOf(' 0.000000000000000001 ')).toBe(1n)
    expect(weiOf('.5')).toBe(5n * 10n ** 17n)
    expect(weiOf('123456789.123456789123456789')).toBe(123456789123456789123456789n)
    expect(etherOf(123456789123456789123456789n)).toBe('123456789.123456789123456789')
    expect(etherOf('1000000000000000000')).toBe('1')
  })

  test('what is no amount above zero is none', () => {
    for (const bad of ['', '0', '0.0', '-1', '1e3', '1,5', '.', 'x', '0.0000000000000000001']) {
      expect(weiOf(bad), bad).toBeUndefined()
    }
  })

  test('call data hold the selector of the vault and the memo as 32 bytes', () => {
    expect(depositSelector).toBe(keccak256(toHex('deposit(bytes32)')).slice(0, 10))
    expect(memoWord('é')).toBe(`c3a9${'0'.repeat(60)}`)
    expect(depositData('x'.repeat(32))).toHaveLength(10 + 64)
    expect(depositData('x'.repeat(33))).toBeUndefined()
  })
})

test('a search finds blocks, runs, events and workflows', () => {
  const hash = `0x${'ab'.repeat(32)}`
  expect(destination(' 12 ', [])).toBe('/blocks/12')
  expect(destination(hash.toUpperCase().replace('0X', '0x'), [])).toBe(`/blocks/${hash}`)
  expect(destination('ab'.repeat(16), [])).toBe(`/instances/${'ab'.repeat(16)}`)
  expect(destination(`dev:${hash}:0`, [])).toBe(`/events/${encodeURIComponent(`dev:${hash}:0`)}`)
  expect(destination('pay', ['pay'])).toBe('/workflows/pay')
  expect(destination('nothing', ['pay'])).toBeUndefined()
})

test('a list that is wanted whole is read to its last page', async () => {
  const pages: Readonly<Record<string, object>> = {
    '/v1/workflows': { items: [1, 2], next: 'default/b' },
    '/v1/workflows?cursor=default%2Fb': { items: [3], next: null },
  }
  vi.stubGlobal('fetch', async (path: string) => Response.json(pages[path]))
  expect(await wholeList('/v1/workflows')).toEqual({ items: [1, 2, 3], next: null })
  vi.unstubAllGlobals()
})

test('a path that is not whole matches nothing', () => {
  expect(match('/blocks/7', '/blocks/')).toBe('7')
  expect(match('/blocks/', '/blocks/')).toBeUndefined()
  expect(match('/blocks/%zz', '/blocks/')).toBeUndefined()
})

const steps: readonly Step[] = [
  {
    name: 'a',
    pointer: '/do/0/a',
    kind: 'set',
    next: [
      { step: '/do/0/b', when: 'x' },
      { step: '/do/0/c', when: null },
    ],
  },
  { name: 'b', pointer: '/do/0/b', kind: 'evm.send', next: [{ step: '/do/0/d', when: null }] },
  { name: 'c', pointer: '/do/0/c', kind: 'evm.send', next: [{ step: '/do/0/d', when: null }] },
  { name: 'd', pointer: '/do/0/d', kind: 'set', next: [] },
]

const line = (
  seq: number,
  step: string,
  kind: JournalEntry['kind'],
  second: number,
): JournalEntry => ({
  ...{ seq, step: `/do/0/${step}`, name: step, kind, action: 'x', attempt: 1 },
  ...{ input: null, output: null },
  ...{ error: null, dropped: false, startedAt: new Date(1_000).toISOString() },
  at: new Date(second * 1_000).toISOString(),
})

test('the state of each step follows from the journal', () => {
  const journal = [
    line(1, 'a', 'started', 1),
    line(2, 'a', 'completed', 3),
    line(3, 'b', 'started', 3),
    line(4, 'b', 'waiting', 4),
  ]
  const states = (status: 'waiting' | 'cancelled') =>
    stepViews(steps, journal, status).map(({ state }) => state)
  expect(states('waiting')).toEqual(['done', 'waiting', 'not reached', 'not reached'])
  expect(states('cancelled')).toEqual(['done', 'cancelled', 'not reached', 'not reached'])
  expect(stepViews(steps, journal, 'waiting')[0]?.durationMs).toBe(2_000)
})

test('a branch that was not taken is not reached, though what follows it was', () => {
  const journal = [line(1, 'c', 'completed', 1), line(2, 'd', 'completed', 2)]
  const states = stepViews(steps, journal, 'completed').map(({ state }) => state)
  expect(states).toEqual(['done', 'not reached', 'done', 'done'])
})

test('a step lies below everything that leads to it, siblings side by side', () => {
  const places = layout(steps)
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => places.get(`/do/0/${name}`))
  expect(b?.y).toBe(c?.y)
  expect(b?.x).not.toBe(c?.x)
  expect((d?.y ?? 0) > (b?.y ?? 0) && (b?.y ?? 0) > (a?.y ?? 0)).toBe(true)
  const loop: readonly Step[] = [
    { name: 'l', pointer: '/do/0/l', kind: 'set', next: [{ step: '/do/0/l', when: null }] },
  ]
  expect(layout(loop).get('/do/0/l')).toEqual({ x: 0, y: 0 })
})

test('a live list takes an item once, replaces it, and stays bounded', () => {
  const page = (items: readonly { id: string; n: number }[]) => ({
    pages: [{ items, next: null }],
    pageParams: [''],
  })
  const idOf = ({ id }: { id: string }) => id
  const one = withItem(page([{ id: 'a', n: 1 }]), { id: 'b', n: 1 }, idOf)
  expect(one.pages[0]?.items.map(idOf)).toEqual(['b', 'a'])
  expect(withItem(one, { id: 'a', n: 2 }, idOf).pages[0]?.items[1]).toEqual({ id: 'a', n: 2 })
  let list = page([])
  for (let n = 0; n < 500; n += 1) list = withItem(list, { id: String(n), n }, idOf) as typeof list
  expect(list.pages[0]?.items.length).toBe(200)
})

test('a lost line is told of with the age of what is shown', () => {
  const { rerender } = render(<LineBar liveness={{ connected: true, since: 0 }} />)
  expect(screen.queryByRole('alert')).toBeNull()
  rerender(<LineBar liveness={{ connected: false, since: Date.now() - 90_000 }} />)
  expect(document.body.textContent).toContain('1 min ago')
  // What changes every second must not be read out every second.
  expect(screen.getByRole('alert').textContent).not.toContain('ago')
  expect(distance(86_400_000 * 3)).toBe('3 d ago')
})

test('a stream that the browser has given up is opened anew, and not after its end', () => {
  vi.useFakeTimers()
  const opened: EventTarget[] = []
  class Source extends EventTarget {
    readonly CLOSED = 2
    readyState = 1
    constructor() {
      super()
      opened.push(this)
    }
    close() {
      this.readyState = 2
    }
    fail(readyState: number) {
      this.readyState = readyState
      this.dispatchEvent(new Event('error'))
    }
  }
  vi.stubGlobal('EventSource', Source)
  const last = () => opened.at(-1) as Source
  const end = followStream('/v1/stream', () => {})
  last().fail(0)
  vi.advanceTimersByTime(10_000)
  expect(opened.length).toBe(1)
  last().fail(2)
  vi.advanceTimersByTime(10_000)
  expect(opened.length).toBe(2)
  last().fail(2)
  end()
  vi.advanceTimersByTime(10_000)
  expect(opened.length).toBe(2)
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const block = (number: number, hash: string) => ({ chain: 'dev', number, hash }) as Block

test('a block takes the place of those that left the chain', () => {
  const items = [block(3, 'c'), block(2, 'b'), block(1, 'a')]
  const pages = { pages: [{ items, next: null }], pageParams: [''] }
  const left = withoutReplaced(pages, block(2, 'x')).pages[0]?.items.map(({ hash }) => hash)
  expect(left).toEqual(['a'])
  expect(withoutReplaced(pages, block(3, 'c')).pages[0]?.items.length).toBe(3)
})

test('what happens in a run is not lost to an older answer that is under way', async () => {
  const client = new QueryClient()
  const detail = (...journal: JournalEntry[]) => ({ id: 'r', journal }) as unknown as InstanceDetail
  const [first, second] = [line(1, 'a', 'started', 1), line(2, 'a', 'completed', 2)]
  const answers: ((detail: InstanceDetail) => void)[] = []
  const observer = new QueryObserver(client, {
    queryKey: ['instance', 'r'],
    queryFn: () => new Promise<InstanceDetail>((resolve) => answers.push(resolve)),
    initialData: detail(first),
  })
  const end = observer.subscribe(() => {})
  takeInstance(client, { id: 'r', status: 'completed' } as Instance, second)
  answers[0]?.(detail(first))
  answers[1]?.(detail(first, second))
  await vi.waitFor(() => expect(observer.getCurrentResult().isFetching).toBe(false))
  expect(observer.getCurrentResult().data?.journal.length).toBe(2)
  end()
})

test('what happens in a run while it is first asked for is not lost', async () => {
  const client = new QueryClient()
  const detail = (...journal: JournalEntry[]) => ({ id: 'r', journal }) as unknown as InstanceDetail
  const [first, second] = [line(1, 'a', 'started', 1), line(2, 'a', 'completed', 2)]
  const answers: ((detail: InstanceDetail) => void)[] = []
  const observer = new QueryObserver(client, {
    queryKey: ['instance', 'r'],
    queryFn: () => new Promise<InstanceDetail>((resolve) => answers.push(resolve)),
  })
  const end = observer.subscribe(() => {})
  takeInstance(client, { id: 'r', status: 'completed' } as Instance, second)
  takeInstance(client, { id: 'r', status: 'completed' } as Instance, second)
  answers[0]?.(detail(first))
  await vi.waitFor(() => expect(answers.length).toBe(2))
  answers[1]?.(detail(first, second))
  await vi.waitFor(() => expect(observer.getCurrentResult().data?.journal.length).toBe(2))
  expect(answers.length).toBe(2)
  end()
})

test('a list that misses blocks is read anew', () => {
  const client = new QueryClient()
  const key = ['blocks', 'all']
  client.setQueryData(key, { pages: [{ items: [block(5, 'e')], next: null }], pageParams: [''] })
  takeBlock(client, block(6, 'f'))
  expect(client.getQueryState(key)?.isInvalidated).toBe(false)
  expect(client.getQueryData(key)).toMatchObject({
    pages: [{ items: [{ number: 6 }, { number: 5 }] }],
  })
  takeBlock(client, block(9, 'i'))
  expect(client.getQueryState(key)?.isInvalidated).toBe(true)
})

test('a list that was cut off is read anew, as the cursor behind it would leave a gap', () => {
  const client = new QueryClient()
  const key = ['blocks', 'all']
  client.setQueryData(key, { pages: [{ items: [block(0, '0')], next: '9' }], pageParams: [''] })
  const isStale = () => client.getQueryState(key)?.isInvalidated
  for (let n = 1; n < 200; n += 1)
    addItem(client, ['blocks'], block(n, String(n)), ({ hash }) => hash)
  expect(isStale()).toBe(false)
  addItem(client, ['blocks'], block(200, '200'), ({ hash }) => hash)
  expect(isStale()).toBe(true)
})

test('a run whose definition is gone shows the steps that ran', () => {
  const journal = [
    line(1, 'a', 'started', 1),
    line(2, 'a', 'completed', 2),
    line(3, 'b', 'started', 2),
  ]
  const names = (workflows: readonly Workflow[]) =>
    stepsOf({ definitionHash: 'h', journal }, workflows).steps.map(({ name }) => name)
  expect(names([{ hash: 'other', steps } as Workflow])).toEqual(['a', 'b'])
  expect(names([{ hash: 'h', steps } as Workflow])).toEqual(['a', 'b', 'c', 'd'])
})

test('a list stays when it cannot be read again', () => {
  const list = {
    ...{ isPending: false, isError: true, isLoadingError: false, error: new Error('no answer') },
    data: { pages: [{ items: ['kept'], next: null }], pageParams: [''] },
  } as unknown as ReturnType<typeof useList<string>>
  const columns = { Name: (item: string) => item }
  render(<DataList list={list} caption="Names" columns={columns} idOf={(one) => one} empty="" />)
  expect(screen.getByRole('cell').textContent).toBe('kept')
})

describe('how a chain is agreed on', () => {
  const set = ['0xaa', '0xbb', '0xcc'].map((address, at) => ({
    ...{ address, scheme: 'ml-dsa-65', weight: at === 0 ? '0x2' : '0x1', payTo: '0x0' },
    ...{ missed: at, signed: 9, absentUntil: at === 2 ? '0x64' : null },
  }))
  const agreement: Agreement = {
    consensus: {
      ...{ engine: 'bft', head: '0x9', finalized: '0x9', lag: '0x0', behind: '0x0', mining: null },
      voting: {
        ...{ height: '0xa', round: 1, step: 'prevote', hasProposal: true },
        ...{ proposer: '0xbb', self: '0xaa', evidence: [] },
        validators: [{ address: '0xbb', hasPrevoted: true, hasPrecommitted: false }],
      },
    },
    validators: { totalWeight: '0x4', lastBlocks: 10, validators: set },
    peers: [{ id: 'x', validator: '0xcc', height: '0x9', link: null }],
  }

  test('each validator is shown with its votes, its turns and its link', () => {
    const rows = validatorRows(agreement)
    expect(rows.map(({ share }) => share)).toEqual([50, 25, 25])
    expect(rows.map(({ isSelf }) => isSelf)).toEqual([true, false, false])
    expect(rows.map(({ isProposer }) => isProposer)).toEqual([false, true, false])
    expect(rows.map(({ isLinked }) => isLinked)).toEqual([false, false, true])
    expect(rows.map(({ hasPrevoted }) => hasPrevoted)).toEqual([false, true, false])
    expect(rows.map(({ hasPrecommitted }) => hasPrecommitted)).toEqual([false, false, false])
    expect(rows[2]?.absentUntil).toBe('100')
  })

  test('bytes are told in words', () => {
    expect([0, 999, 1_500, 2_340_000, 5e9].map(bytesText)).toEqual([
      ...['0 B', '999 B', '2 kB', '2.3 MB', '5.0 GB'],
    ])
  })
})

test('deadlines are told in words', () => {
  expect([0, 1, 119_000, 600_000, 7_200_000, 200_000_000].map(untilText)).toEqual([
    ...['over', 'in 1 s', 'in 119 s', 'in 10 min', 'in 2 h', 'in 2 d'],
  ])
})

test('of workflows of one name the page offers all, by their namespaces', async () => {
  const twin = (namespace: string) => ({
    ...{ namespace, name: 'twin', title: 'Twin', hash: namespace, event: null },
    ...{ steps: [], definition: {} },
  })
  const items = [twin('shop'), twin('stall')]
  vi.stubGlobal('fetch', async () => Response.json({ items, next: null }))
  const page = (name: string) => (
    <QueryClientProvider client={new QueryClient()}>
      <WorkflowPage name={name} />
    </QueryClientProvider>
  )
  render(page('twin'))
  const links = await screen.findAllByRole('link', { name: 'Twin' })
  const paths = links.map((link) => link.getAttribute('href'))
  expect(paths).toEqual(['/workflows/shop/twin', '/workflows/stall/twin'])
  cleanup()
  render(page('stall/twin'))
  expect(await screen.findByRole('heading', { name: 'Twin' })).toBeTruthy()
  expect(screen.queryAllByRole('link')).toEqual([])
  vi.unstubAllGlobals()
})
