/** Puts the sinks between what happens and where it is to be told. */

import {
  createSinks,
  readSinkOptions,
  type Sinks,
  type SinksDependencies,
} from '../services/sinks.ts'
import type { SqlSession } from '../store/sql.ts'
import type { EventHandler, EventStore, StreamEvent } from '../stream/stream.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'
import { sectionOf } from './setting-kinds.ts'

/**
 * The sinks that the setting names.
 *
 * @param section - JSON of the setting `sinks`
 * @throws AppError `services/bad-sinks`
 */
export function configuredSinks(
  section: string | undefined,
  dependencies: SinksDependencies,
): Sinks {
  return createSinks(readSinkOptions(sectionOf(section), process.env), dependencies)
}

/** Has the sinks told in the transaction that changes an event; a full sink holds new events back. */
export function withSinks(handler: EventHandler, sinks: Sinks): EventHandler {
  const tell = async (session: SqlSession, event: StreamEvent) => {
    for (const { sql, values } of sinks.eventWrites(event)) await session.run(sql, ...values)
  }
  return {
    async appeared(session, event) {
      sinks.mustHaveRoom()
      await handler.appeared(session, event)
      await tell(session, event)
    },
    async advanced(session, events) {
      await handler.advanced(session, events)
      for (const event of events) await tell(session, event)
    },
    async retracted(session, event) {
      await handler.retracted(session, event)
      await tell(session, event)
    },
  }
}

/** Has the sinks look once a change is on disk. */
export function wakeSinks(
  sinks: Sinks,
  from: { readonly events: EventStore; readonly engine: WorkflowEngine },
): void {
  from.events.subscribe(() => sinks.wake())
  from.engine.subscribe(({ instance: { status } }) => {
    if (status !== 'running' && status !== 'waiting') sinks.wake()
  })
}

/** How the sinks are, in a sentence. @throws AppError `services/sinks-full` */
export async function sinksDetail(sinks: Sinks): Promise<string> {
  sinks.mustHaveRoom()
  const all = await sinks.list()
  const waiting = all.filter(({ state }) => state === 'waiting' || state === 'paused')
  if (waiting.length === 0) return all.length === 0 ? 'none set' : `${all.length} running`
  return waiting
    .map(
      ({ name, state, lastError }) => `"${name}" is ${state}${lastError ? `: ${lastError}` : ''}`,
    )
    .join('; ')
}
