/** Keeps the tables that are declared, in the transactions of the events that they are made from. */

import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { SqlSession, SqlStore } from '../store/sql.ts'
import { createEventDecoder, factoryKey } from '../stream/event-decoder.ts'
import type { WritableEventStore } from '../stream/event-store.ts'
import type { EventChange, EventHandler } from '../stream/stream.ts'
import type { Subscription } from '../stream/subscription.ts'
import type { ChainReading } from './chain/chain-projection.ts'
import { ChainProjection } from './chain/chain-projection.ts'
import type { Declaration } from './declaration.ts'
import { Desk } from './desk/desk.ts'
import type { ProjectionDesk } from './projection.ts'
import { EventProjection } from './rows/event-projection.ts'
import { Standings } from './tables/standing.ts'

/** The projections of a node. */
export interface Projections extends ProjectionDesk {
  /** What has to be listened to. */
  readonly subscriptions: readonly Subscription[]
  /** For the handler of the listener; absent where no events are projected. */
  readonly changed: EventHandler['changed'] | undefined
  /** Makes and changes tables; before anything is listened to. */
  prepare(): Promise<void>
  /** Begins to fill. */
  start(): Promise<void>
  /** What is filled in is in; the rest comes after the next start. */
  stop(): Promise<void>
}

/** What is projected. */
export interface ProjectionsOptions {
  /** Name of the chain that is listened to. */
  readonly chain: string
  readonly declarations: readonly Declaration[]
  /** Addresses by the names that declarations use. */
  readonly contracts: Readonly<Record<string, Hex | undefined>>
}

/** What projections need. */
export interface ProjectionsDependencies {
  readonly sql: SqlStore
  readonly events: WritableEventStore
  /** For the chain's own data. */
  readonly reading: ChainReading
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Most declarations of a node. */
const mostDeclarations = 64

/**
 * Projections over a database with `projectionMigrations`.
 *
 * @throws AppError `projection/bad-declarations` for two of one name, too many, or a contract that the chain does not have
 */
export function createProjections(
  { chain, declarations, contracts }: ProjectionsOptions,
  dependencies: ProjectionsDependencies,
): Projections {
  mustDiffer(declarations)
  const { sql, metrics } = dependencies
  const measures = {
    rows: metrics.counter(
      ...(['quantumstream_projection_rows_total', 'Rows written by projections'] as const),
      ['projection'],
    ),
    failures: metrics.counter(
      ...(['quantumstream_projection_failures_total', 'Records that made no rows'] as const),
      ['projection'],
    ),
  }
  const standings = new Standings(sql)
  const parts = { ...dependencies, standings, measures }
  const ofEvents: EventProjection[] = []
  const projected = declarations.map((declaration) => {
    const { dataset } = declaration
    if (dataset !== undefined) return new ChainProjection({ chain, declaration, dataset }, parts)
    const sources = sourcesOf(declaration, contracts)
    const made = new EventProjection({ chain, declaration, sources }, parts)
    ofEvents.push(made)
    return made
  })
  const desk = new Desk(projected, { sql, standings })
  return Object.assign(desk, {
    subscriptions: ofEvents.flatMap(({ subscriptions }) => subscriptions),
    changed: ofEvents.length === 0 ? undefined : changedBy(ofEvents),
    async prepare() {
      await standings.prepare(
        projected.map((one) => ({ form: one.form, spanOf: (session) => one.span(session) })),
      )
    },
    async start() {
      for (const one of projected) one.start()
    },
    async stop() {
      await Promise.all(projected.map((one) => one.stop()))
    },
  })
}

function changedBy(projected: readonly EventProjection[]): NonNullable<EventHandler['changed']> {
  // All processes lock in this order.
  const ordered = projected.toSorted((a, b) => (a.form.name < b.form.name ? -1 : 1))
  return async (session: SqlSession, changes: readonly EventChange[]) => {
    for (const one of ordered) await one.changed(session, changes)
  }
}

function mustDiffer(declarations: readonly Declaration[]): void {
  if (declarations.length > mostDeclarations) {
    throw bad(`there are ${declarations.length} projections, and ${mostDeclarations} at most`)
  }
  const names = new Set<string>()
  for (const { name } of declarations) {
    if (names.has(name)) throw bad(`two projections have the name "${name}"`)
    names.add(name)
  }
}

/** One event of some contracts, or of any. */
function sourcesOf(
  { name, sources = [] }: Declaration,
  contracts: ProjectionsOptions['contracts'],
): readonly Subscription[] {
  const addressesOf = (named: string | readonly string[]) =>
    [named].flat().map((one) => {
      const address = one.startsWith('0x') ? (one as Hex) : contracts[one]
      if (address !== undefined) return address.toLowerCase() as Hex
      throw bad(`projection "${name}" names the contract "${one}", which the chain does not have`)
    })
  return sources.map(({ event, contract, factory }) => {
    if (contract !== undefined) return { event, address: addressesOf(contract) }
    if (factory === undefined) return { event }
    const { event: naming, argument } = factory
    const source = { address: addressesOf(factory.contract), event: naming, argument }
    const subscription = { event, factory: { ...source, label: factoryKey(source) } }
    try {
      createEventDecoder([subscription])
    } catch (error) {
      throw bad(`projection "${name}": ${(error as Error).message}`)
    }
    return subscription
  })
}

function bad(message: string): AppError {
  return new AppError({ code: 'projection/bad-declarations', message })
}
