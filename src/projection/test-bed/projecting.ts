/** Runs projections with a real listener on a played chain, for tests. */

import { systemClock, systemTimer } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import type { SqlStore } from '../../store/sql.ts'
import { createBlockReader } from '../../stream/block-reader.ts'
import { createEventStore, streamMigrations } from '../../stream/event-store.ts'
import { createListener } from '../../stream/listener.ts'
import type { EventHandler } from '../../stream/stream.ts'
import { readDeclaration } from '../declaration.ts'
import type { ProjectedRow } from '../projection.ts'
import { projectionMigrations } from '../projection-schema.ts'
import { createProjections, type Projections } from '../projections.ts'
import { type PlayedChain, vault } from './played-chain.ts'
import { playedClient } from './played-client.ts'

/** What is needed of a test. */
export interface Test {
  after(run: () => Promise<void>): void
}

/** What runs. */
export interface Projecting {
  readonly projections: Projections
  /** Resolves when the listener has stored the chain up to its head, and everything is filled. */
  settled(): Promise<void>
  stop(): Promise<void>
}

interface Settings {
  readonly declarations: readonly Json[]
  readonly confirmations?: number
  /** With more blocks than this, those before the last 60 are read beside the following. */
  readonly shortHistory?: number
  /** Called at the end of each transaction of the listener, before it is committed. */
  readonly atEnd?: () => void
}

/** Starts a listener and projections over a database; ended with the test. */
export async function project(
  t: Test,
  { chain, sql }: { readonly chain: PlayedChain; readonly sql: SqlStore },
  { declarations, confirmations = 0, shortHistory = 10_000, atEnd }: Settings,
): Promise<Projecting> {
  await sql.migrate([...streamMigrations, ...projectionMigrations])
  const world = {
    ...{ sql, clock: systemClock, timer: systemTimer, logger: silentLogger },
    ...{ metrics: noMetrics, events: createEventStore(sql) },
  }
  // What is played has no hashes of its own.
  const played = { name: 'played', client: playedClient(chain) }
  const blocks = createBlockReader({ chain: 'test', checks: 'none', endpoints: [played] }, world)
  const projections = createProjections(
    {
      ...{ chain: 'test', contracts: { vault } },
      declarations: declarations.map((one) => readDeclaration(one)),
    },
    {
      ...world,
      reading: { blocks, pollMs: 1, confirmations, finalityDepth: 55 },
    },
  )
  await projections.prepare()
  const listener = createListener(
    {
      ...{ chain: 'test', chainId: 7, startBlock: 0, confirmations, pollMs: 1, window: 60 },
      ...{ finalityDepth: 55, shortHistory },
    },
    { ...world, source: chain, handler: handlerOf(projections, atEnd) },
  )
  await projections.start()
  await listener.start()
  let isStopped = false
  const stop = async () => {
    if (isStopped) return
    isStopped = true
    await Promise.all([listener.stop(), projections.stop()])
  }
  t.after(stop)
  return {
    projections,
    stop,
    async settled() {
      for (;;) {
        const { state, checkpoint, backFill } = listener.status()
        const row = await sql.get(
          'SELECT hash FROM listened_blocks WHERE chain = ? AND number = ?',
          ...['test', chain.height],
        )
        const isAtHead =
          checkpoint === chain.height && backFill === undefined && row?.hash === chain.tip
        const read = await sql.all(
          'SELECT name, fill_next, hash FROM projections LEFT JOIN projection_blocks ON projection = name AND number = fill_next - 1 WHERE form LIKE ?',
          '%"dataset":"%',
        )
        const areRead = read.every(({ fill_next, hash }) => {
          const number = Number(fill_next) - 1
          return number === chain.height - confirmations && chain.block(number)?.hash === hash
        })
        const all = await projections.list()
        if (
          state === 'following' &&
          isAtHead &&
          areRead &&
          !all.some((one) => one.state === 'filling')
        )
          return
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    },
  }
}

function handlerOf({ changed }: Projections, atEnd: (() => void) | undefined): EventHandler {
  const nothing = async () => {}
  return {
    ...{ appeared: nothing, advanced: nothing, retracted: nothing },
    async changed(session, changes) {
      await changed?.(session, changes)
      atEnd?.()
    },
  }
}

/** All rows of a projection, in an order that does not depend on how they came. */
export async function allRows(
  { projections }: Pick<Projecting, 'projections'>,
  name: string,
): Promise<readonly ProjectedRow[]> {
  const rows: ProjectedRow[] = []
  for await (const page of projections.export(name, {}).pages()) {
    rows.push(...page.map(({ row }) => row))
  }
  return rows
}
