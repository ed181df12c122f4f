/** Projects events: those that change in the transaction that changes them, those that are stored in pieces beside. */

import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { SqlSession, SqlStore } from '../../store/sql.ts'
import { canonicalEvent, factoryKey } from '../../stream/event-decoder.ts'
import type { WritableEventStore } from '../../stream/event-store.ts'
import type { EventChange, StreamEvent } from '../../stream/stream.ts'
import type { Subscription } from '../../stream/subscription.ts'
import type { Declaration } from '../declaration.ts'
import type { Projected } from '../desk/desk.ts'
import { type StoredForm, storedForm } from '../tables/changed-form.ts'
import type { FillSpan, Standings } from '../tables/standing.ts'
import { isVisible, recordOf } from './event-record.ts'
import { PieceLoop } from './piece-loop.ts'
import { ProjectedTable, type ProjectionMeasures } from './projected-table.ts'

/** Stored events that are looked at in one transaction. */
const pieceSize = 500

interface Options {
  readonly chain: string
  readonly declaration: Declaration
  readonly sources: readonly Subscription[]
}

interface Parts {
  readonly sql: SqlStore
  readonly events: WritableEventStore
  readonly standings: Standings
  readonly measures: ProjectionMeasures
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
}

/** One projection of events. */
export class EventProjection implements Projected {
  readonly declaration: Declaration
  readonly form: StoredForm
  readonly subscriptions: readonly Subscription[]
  readonly #table: ProjectedTable
  readonly #with: Parts
  readonly #loop: PieceLoop
  /** Contracts by signature; `any` where one source is of any contract. */
  readonly #wanted = new Map<string, ReadonlySet<string> | 'any'>()
  /** Keys of the factories whose contracts are wanted, by signature. */
  readonly #makers = new Map<string, readonly string[]>()
  #problem: string | undefined

  constructor({ chain, declaration, sources }: Options, parts: Parts) {
    this.declaration = declaration
    this.subscriptions = sources
    this.#with = parts
    for (const { event, address, factory } of sources) {
      const signature = canonicalEvent(event)
      if (factory !== undefined) {
        const keys = this.#makers.get(signature) ?? []
        this.#makers.set(signature, [...keys, factoryKey(factory)])
        continue
      }
      const known = this.#wanted.get(signature) ?? new Set()
      const isAny = known === 'any' || address === undefined
      this.#wanted.set(signature, isAny ? 'any' : new Set([...known, ...[address].flat()]))
    }
    const names = [...this.#wanted].map(([signature, contracts]) =>
      contracts === 'any' ? signature : `${signature} ${[...contracts].sort().join(',')}`,
    )
    for (const [signature, keys] of this.#makers) {
      names.push(`${signature} made by ${[...keys].sort().join('; ')}`)
    }
    this.form = storedForm(declaration, { chain, sources: names, dataset: null })
    this.#table = new ProjectedTable(declaration, { ...parts, dialect: parts.sql.dialect })
    this.#loop = new PieceLoop(
      {
        name: declaration.name,
        piece: () => this.#piece(),
        failed: (problem) => {
          this.#problem = problem
        },
      },
      parts,
    )
  }

  get sources(): readonly string[] {
    return [...new Set([...this.#wanted.keys(), ...this.#makers.keys()])]
  }

  get trouble(): { readonly state: 'waiting'; readonly problem: string } | undefined {
    return this.#problem === undefined ? undefined : { state: 'waiting', problem: this.#problem }
  }

  /** Everything that is stored by now; what comes later comes by `changed`. */
  async span(session: SqlSession): Promise<FillSpan> {
    return { next: 0, last: await this.#with.events.lastStored(session) }
  }

  start(): void {
    this.#loop.start()
  }

  wake(): void {
    this.#loop.wake()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** Adds and takes back rows, in the transaction that changes the events. */
  async changed(session: SqlSession, changes: readonly EventChange[]): Promise<void> {
    const { life } = this.declaration
    const [come, gone]: [StreamEvent[], StreamEvent[]] = [[], []]
    for (const { event, before } of changes) {
      if (!this.#wants(event) && !(await this.#isMade(session, event))) continue
      const [was, is] = [isVisible(before, life), isVisible(event.state, life)]
      if (is && !was) come.push(event)
      else if (was && !is) gone.push(event)
    }
    if (come.length === 0 && gone.length === 0) return
    await this.#table.lock(session)
    await this.#table.apply(session, { gone: gone.map(recordOf), come: come.map(recordOf) })
  }

  async #piece(): Promise<'again' | 'idle'> {
    const { sql, events, standings } = this.#with
    const { name, life } = this.declaration
    return sql.transaction(async (session) => {
      await this.#table.lock(session)
      const standing = (await standings.all(session)).get(name)
      if (standing?.state !== 'filling') return 'idle'
      const query = { chain: this.form.chain, after: standing.next, limit: pieceSize }
      const found = await events.stored(session, query)
      const visible = found.events.filter(({ state }) => isVisible(state, life))
      const wanted: StreamEvent[] = []
      for (const event of visible) {
        if (this.#wants(event) || (await this.#isMade(session, event))) wanted.push(event)
      }
      const come = wanted.map(recordOf)
      // Some are in already: they came by `changed`, or are made again after a change of the declaration.
      await this.#table.apply(session, { gone: come, come })
      const isReady = found.events.length < pieceSize
      const { last } = standing
      await standings.reach(session, name, { next: found.last, last, isReady })
      return isReady ? 'idle' : 'again'
    })
  }

  #wants({ chain, signature, address }: StreamEvent): boolean {
    const contracts = this.#wanted.get(signature)
    if (contracts === undefined || chain !== this.form.chain) return false
    return contracts === 'any' || contracts.has(address.toLowerCase())
  }

  /** Whether a wanted factory made its contract; what was made in the same transaction is not stored yet. */
  async #isMade(session: SqlSession, event: StreamEvent): Promise<boolean> {
    const keys = this.#makers.get(event.signature)
    if (keys === undefined || event.chain !== this.form.chain) return false
    if (event.madeBy?.some((label) => keys.includes(label))) return true
    return this.#with.events.isMadeBy(session, event, keys)
  }
}
