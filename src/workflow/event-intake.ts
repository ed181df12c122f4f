/** Takes events from outside: each is stored once by its source and id, and given to workflows in the same commit. */

import { AppError } from '../base/app-error.ts'
import type { Clock } from '../base/clock.ts'
import type { Migration, SqlSession, SqlStore } from '../store/sql.ts'
import type { CloudEvent } from './durable-context.ts'
import { keptJson } from './kept-json.ts'
import type { WorkflowEngine } from './workflow.ts'

/** How long an event is remembered, by which the same one is known again. */
const rememberedMs = 30 * 24 * 3_600_000
/** Forgotten ones that a commit removes. */
const maxForgotten = 200
/** Types that this program gives to events of chains: who may act in their name would act in the chain's. */
const ofChains = /^(evm|bitcoin)\./

/** Where outside events are remembered. */
export const intakeMigrations: readonly Migration[] = [
  {
    id: 'workflow/110-outside-events',
    statements: [
      `CREATE TABLE outside_events (
        source TEXT NOT NULL,
        id TEXT NOT NULL,
        event TEXT NOT NULL,
        instances TEXT NOT NULL,
        taken_at_ms BIGINT NOT NULL,
        PRIMARY KEY (source, id)
      )`,
      'CREATE INDEX outside_events_by_time ON outside_events (taken_at_ms)',
    ],
  },
]

/** An event that was taken, now or before. */
export interface TakenEvent {
  readonly source: string
  readonly id: string
  readonly takenAtMs: number
  /** Runs that it started, and runs that listen to it. */
  readonly instances: readonly string[]
}

/** Takes events. */
export interface EventIntake {
  /**
   * Stores events and gives them to triggers and listening runs, all of them or none; one that was taken before changes
   * nothing and is answered as it was then.
   *
   * @throws AppError `workflow/reserved-event` for one that says it is of a chain, `workflow/value-too-large`,
   * `workflow/value-too-deep`
   */
  take(events: readonly CloudEvent[]): Promise<readonly TakenEvent[]>
}

/** An intake over a database with `intakeMigrations`, in front of an engine on the same one. */
export function createEventIntake({
  sql,
  engine,
  clock,
}: {
  readonly sql: SqlStore
  readonly engine: WorkflowEngine
  readonly clock: Clock
}): EventIntake {
  return {
    async take(events) {
      const texts = events.map((event) => checkedText(event))
      const nowMs = clock.nowMs()
      const taken = await sql.transaction(async (session) => {
        const all: TakenEvent[] = []
        for (const [at, event] of events.entries()) {
          all.push(await takeOne(session, event, { engine, text: texts[at] as string, nowMs }))
        }
        await session.run(
          `DELETE FROM outside_events WHERE (source, id) IN (SELECT source, id FROM outside_events
            WHERE taken_at_ms < ? ORDER BY taken_at_ms LIMIT ${maxForgotten})`,
          nowMs - rememberedMs,
        )
        return all
      })
      engine.wake()
      return taken
    },
  }
}

function checkedText(event: CloudEvent): string {
  if (ofChains.test(event.type) || event.source.startsWith('/chains/')) {
    const message = `an event from outside cannot have the type "${event.type}" and the source "${event.source}": types evm.* and bitcoin.*, and sources /chains/…, are those of chains that this node listens to`
    throw new AppError({ code: 'workflow/reserved-event', message })
  }
  return keptJson(event, `the event "${event.id}"`)
}

async function takeOne(
  session: SqlSession,
  event: CloudEvent,
  { engine, text, nowMs }: { engine: WorkflowEngine; text: string; nowMs: number },
): Promise<TakenEvent> {
  const { source, id } = event
  const added = await session.run(
    `INSERT INTO outside_events VALUES (?, ?, ?, '[]', ?) ON CONFLICT (source, id) DO NOTHING`,
    ...[source, id, text, nowMs],
  )
  if (added === 0) {
    const row = await session.get(
      'SELECT instances, taken_at_ms FROM outside_events WHERE source = ? AND id = ?',
      ...[source, id],
    )
    const instances = JSON.parse(String(row?.instances ?? '[]')) as string[]
    return { source, id, takenAtMs: Number(row?.taken_at_ms ?? nowMs), instances }
  }
  const instances = await engine.deliver(session, event)
  if (instances.length > 0) {
    const update = 'UPDATE outside_events SET instances = ? WHERE source = ? AND id = ?'
    await session.run(update, JSON.stringify(instances), source, id)
  }
  return { source, id, takenAtMs: nowMs, instances }
}
