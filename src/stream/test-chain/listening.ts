/** Starts listeners on a scripted chain, and reads what they stored and what their handler heard. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock, systemTimer } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { type Metrics, noMetrics } from '../../base/metrics.ts'
import type { SqlStore } from '../../store/sql.ts'
import { openSqlite } from '../../store/sqlite.ts'
import { createEventDecoder } from '../event-decoder.ts'
import { createEventStore, streamMigrations } from '../event-store.ts'
import { createEvmSource, type EventChecks } from '../evm-source.ts'
import { createListener, type ListenerDependencies } from '../listener.ts'
import type { ListenerOptions } from '../listener-options.ts'
import type { Source } from '../source.ts'
import type { Listener, ListenerStatus } from '../stream.ts'
import type { Subscription } from '../subscription.ts'
import { paid, type ScriptedChain, vault } from './scripted-chain.ts'

/** What is different from the usual listener; `fail` says whether the handler shall. */
type Changes = Partial<ListenerOptions> &
  Partial<Pick<ListenerDependencies, 'events' | 'logger' | 'metrics'>> & {
    readonly fail?: () => boolean
    readonly subscriptions?: readonly Subscription[]
    readonly checks?: EventChecks
    readonly source?: Source
  }

/** What is needed of a test. */
export interface Test {
  after(run: () => Promise<void>): void
}

/** A database in a folder of its own, and listeners to a chain; all are ended with the test. */
export async function world(t: Test, chain: ScriptedChain, usual: Changes = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-listener-'))
  const stores: SqlStore[] = []
  const listeners: Listener[] = []
  t.after(async () => {
    for (const listener of listeners) await listener.stop()
    for (const store of stores) await store.close()
    await rm(folder, { recursive: true })
  })
  const open = async () => {
    const sql = await openSqlite({ path: path.join(folder, 'events.sqlite') })
    stores.push(sql)
    const heard = { id: 'test/001', statements: [createHeard] }
    await sql.migrate([...streamMigrations, heard])
    return sql
  }
  const start = async (sql: SqlStore, changes: Changes = {}): Promise<Listener> => {
    const listener = listenerOn(chain, sql, { ...usual, ...changes })
    listeners.push(listener)
    await listener.start()
    return listener
  }
  return { open, start }
}

function listenerOn(chain: ScriptedChain, sql: SqlStore, changes: Changes): Listener {
  const { events = createEventStore(sql), fail = () => false, ...rest } = changes
  const { logger = silentLogger, metrics = noMetrics, checks = 'none', ...more } = rest
  const { subscriptions = [{ event: paid, address: vault }], source: given, ...options } = more
  const decoder = createEventDecoder(subscriptions)
  const source =
    given ?? createEvmSource({ chain: 'test', checks }, { client: chain, decoder, logger, metrics })
  const hear = (line: string) => ['INSERT INTO heard (line) VALUES (?)', line] as const
  return createListener(
    {
      ...{ chain: 'test', chainId: 7, startBlock: 0, confirmations: 1, pollMs: 1, window: 10 },
      ...options,
    },
    {
      ...{ source, sql, events, clock: systemClock, timer: systemTimer, logger, metrics },
      handler: {
        appeared: async (session, event) => {
          await session.run(...hear(`+${event.args.amount}`))
          if (fail()) throw new Error('the handler fails')
        },
        advanced: async (session, moved) => {
          for (const { args, state } of moved) {
            await session.run(...hear(`${args.amount} ${state}`))
            if (fail()) throw new Error('the handler fails')
          }
        },
        retracted: async (session, event) => {
          await session.run(...hear(`-${event.args.amount}`))
        },
      },
    },
  )
}

const createHeard = 'CREATE TABLE heard (n INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT)'

/** What the handler heard: `+5` when an event of 5 appeared, `-5` when it was retracted. */
export async function heard(sql: SqlStore): Promise<readonly string[]> {
  return (await heardLives(sql)).filter((line) => /^[+-]/.test(line))
}

/** The same, and `5 confirmed` when it went on. */
export async function heardLives(sql: SqlStore): Promise<readonly string[]> {
  return (await sql.all('SELECT line FROM heard ORDER BY n')).map(({ line }) => String(line))
}

/** Stored events: `5 confirmed`. */
export async function states(sql: SqlStore): Promise<readonly string[]> {
  const rows = await sql.all('SELECT args, state FROM events ORDER BY seq')
  return rows.map(({ args, state }) => `${JSON.parse(String(args)).at(-1)} ${state}`)
}

/** Numbers of the blocks whose hashes are kept. */
export async function keptNumbers(sql: SqlStore): Promise<readonly number[]> {
  const rows = await sql.all('SELECT number FROM listened_blocks ORDER BY number')
  return rows.map(({ number }) => Number(number))
}

/** Waits until the listener's status is as wanted, and gives it. */
export async function until(
  listener: Listener,
  wanted: (status: ListenerStatus) => boolean,
): Promise<ListenerStatus> {
  const end = Date.now() + 10_000
  while (Date.now() < end) {
    if (wanted(listener.status())) return listener.status()
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return assert.fail(`never as wanted: ${JSON.stringify(listener.status())}`)
}

/** Everything up to this block is stored. */
export const at = (block: number) => (status: ListenerStatus) =>
  status.state === 'following' && status.checkpoint === block

/** The problem with which a listener waits or stops. */
export async function problemOf(listener: Listener, state: 'waiting' | 'stopped'): Promise<string> {
  const status = await until(listener, (now) => now.state === state)
  return status.problem ?? assert.fail(`no problem: ${JSON.stringify(status)}`)
}

/** Metrics whose counters are added up by name. */
export function countingMetrics(): { readonly metrics: Metrics; count(name: string): number } {
  const counts = new Map<string, number>()
  const counter = (name: string) => ({
    add: (count = 1) => void counts.set(name, (counts.get(name) ?? 0) + count),
  })
  return { metrics: { ...noMetrics, counter }, count: (name) => counts.get(name) ?? 0 }
}
