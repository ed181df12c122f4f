/** Compiles the tasks that give and take events: `emit` and `listen`. */

import type { Json } from '../../base/json-rpc.ts'
import type { CloudEvent, DurableContext } from '../durable-context.ts'
import { canonicalJson } from './canonical.ts'
import type { Body, Compiler } from './compiler.ts'
import { compileFilter, type EventFilter, filterPlace, strategyFilters } from './event-filters.ts'
import { exactEvent } from './exact-events.ts'
import { compileIterator, type Iterate } from './iterator.ts'
import { below, knowing, type Members, memberOf, type Place } from './places.ts'
import { secretLeaves } from './run-task.ts'
import { type Data, dateTimeOf, Ended, overLimit, plainJson, type Scope } from './runtime.ts'

/** Most events that one task takes. */
const maxEvents = 10_000

/** `emit`: gives an event, which is its output too. */
export function compileEmit({ expressions }: Compiler, definition: Members, place: Place): Body {
  const given = memberOf(memberOf(definition.emit, 'event'), 'with') ?? {}
  const attributes = expressions.template(given, below(place, 'emit', 'event', 'with'))
  const timed = memberOf(given, 'time') === undefined
  return async (scope, key) => {
    const { durable, run } = scope.frame
    const own = plainJson(attributes(scope.input, scope)) as Members
    if (run.secrets.standIn(own)) throw secretLeaves('an event')
    const now = timed ? dateTimeOf(await durable.now(`${key}#time`)) : undefined
    const event = {
      ...{ specversion: '1.0', id: `${durable.instanceId}${key}` },
      ...(now === undefined ? {} : { time: memberOf(now, 'iso8601') as Json }),
      ...own,
    } as unknown as CloudEvent
    await durable.emit(key, event)
    return event
  }
}

/** What is listened for. */
interface Strategy {
  readonly kind: 'one' | 'any' | 'all'
  readonly filters: readonly EventFilter[]
}

interface Listening {
  readonly strategy: Strategy
  readonly until: ((data: Data, scope: Scope) => boolean) | undefined
  readonly untilConsumed: Strategy | undefined
  readonly read: (event: CloudEvent) => Data
  readonly iterate: Iterate
}

/** `listen`: gives the list of the events that it took, in their order. */
export function compileListen(compiler: Compiler, definition: Members, place: Place): Body {
  const to = memberOf(definition.listen, 'to')
  const where = below(place, 'listen', 'to')
  const until = memberOf(to, 'until')
  const iterator = definition.foreach
  const names = [memberOf(iterator, 'item') ?? 'item', memberOf(iterator, 'at') ?? 'index'].map(
    String,
  )
  const inner = knowing(below(where, 'until'), ...names)
  const listening: Listening = {
    strategy: compileStrategy(compiler, to, where),
    until: typeof until === 'string' ? compiler.expressions.condition(until, inner) : undefined,
    untilConsumed:
      until === undefined || typeof until === 'string'
        ? undefined
        : compileStrategy(compiler, until, below(where, 'until')),
    read: reader(memberOf(definition.listen, 'read')),
    iterate: compileIterator(compiler, iterator, below(place, 'foreach')),
  }
  return (scope, key) => {
    const { kind } = listening.strategy
    return kind === 'all' ? takeAll(listening, scope, key) : takeSome(listening, scope, key)
  }
}

function compileStrategy(compiler: Compiler, strategy: Json | undefined, place: Place): Strategy {
  const { kind, filters } = strategyFilters(strategy)
  const compiled = filters.map((filter, at) =>
    compileFilter(compiler, filter, filterPlace(place, kind, at)),
  )
  compiler.listens.push(
    ...compiled.map(({ attributes, chain }) => ({ attributes, ...(chain && { chain }) })),
  )
  return { kind, filters: compiled }
}

function reader(read: Json | undefined): (event: CloudEvent) => Data {
  if (read === 'envelope') return exactEvent
  if (read === 'raw') {
    return ({ data_base64: binary, data }) => {
      if (binary !== undefined) return binary
      return typeof data === 'string' ? data : JSON.stringify(data ?? null)
    }
  }
  return (event) => memberOf(exactEvent(event), 'data') ?? null
}

/** One event, or any number until a condition holds or other events have come. */
async function takeSome(listening: Listening, scope: Scope, key: string): Promise<Data | Ended> {
  const { strategy, until, untilConsumed, read, iterate } = listening
  const { durable } = scope.frame
  const wishes = wishesOf(strategy, scope)
  const inboxKey = `${key}#inbox`
  await durable.listen(inboxKey, wishes)
  const taken: Data[] = []
  const correlation = new Map<string, string>()
  for (let at = 0; ; at += 1) {
    if (at >= maxEvents)
      throw overLimit(
        `"listen" has taken ${maxEvents} events, which is the limit; end it earlier by "until"`,
      )
    const event = await nextOrUntil(untilConsumed, scope, { key, inboxKey, wishes, at })
    if (event === undefined) break
    if (!correlated(strategy.filters, { event, scope, correlation })) continue
    const result = await iterate(scope, `${key}#event/${at}`, {
      item: read(event),
      index: taken.length,
    })
    if (result instanceof Ended) return result
    taken.push(result)
    if (until === undefined ? untilConsumed === undefined : until(taken, scope)) break
  }
  await (await durable.listen(inboxKey, wishes)).close()
  return taken
}

/** The next event; undefined once those have come that end the listening. */
async function nextOrUntil(
  until: Strategy | undefined,
  scope: Scope,
  about: {
    readonly key: string
    readonly inboxKey: string
    readonly wishes: ReturnType<typeof wishesOf>
    readonly at: number
  },
): Promise<CloudEvent | undefined> {
  const { key, inboxKey, wishes, at } = about
  const { durable } = scope.frame
  const next = async (context: DurableContext) => {
    return (await context.listen(inboxKey, wishes)).next(`${key}#next/${at}`)
  }
  if (until === undefined) return next(durable)
  const { value } = await durable.race<CloudEvent | undefined>(`${key}#turn/${at}`, [
    next,
    async (context) => {
      await consume(
        until,
        { ...scope, frame: { ...scope.frame, durable: context } },
        `${key}#until`,
      )
      return undefined
    },
  ])
  return value
}

/** Waits for the events of a strategy, without anything done about them. */
async function consume(strategy: Strategy, scope: Scope, key: string): Promise<void> {
  const { durable } = scope.frame
  const filters =
    strategy.kind === 'all' ? strategy.filters.map((one) => [one]) : [strategy.filters]
  await Promise.all(
    filters.map(async (some, at) => {
      const inbox = await durable.listen(
        `${key}#inbox/${at}`,
        wishesOf({ ...strategy, filters: some }, scope),
      )
      await inbox.next(`${key}#next/${at}`)
      await inbox.close()
    }),
  )
}

/** One event for each filter, in the order in which they come. */
async function takeAll(
  { strategy, read, iterate }: Listening,
  scope: Scope,
  key: string,
): Promise<Data | Ended> {
  const { durable } = scope.frame
  const open = new Map(strategy.filters.map((filter, at) => [at, { filter, taken: 0 }]))
  for (const [at, { filter }] of open)
    await durable.listen(`${key}#inbox/${at}`, [filter.wish(scope)])
  const taken: Data[] = []
  const correlation = new Map<string, string>()
  for (let turn = 0; open.size > 0; turn += 1) {
    if (turn >= maxEvents)
      throw overLimit(
        `"listen" has taken ${maxEvents} events, which is the limit; end it earlier by "until"`,
      )
    const waiting = [...open]
    const { value } = await durable.race(
      `${key}#turn/${turn}`,
      waiting.map(([at, { filter, taken: before }]) => async (context: DurableContext) => {
        const inbox = await context.listen(`${key}#inbox/${at}`, [filter.wish(scope)])
        return { at, event: await inbox.next(`${key}#next/${at}/${before}`) }
      }),
    )
    const one = open.get(value.at)
    if (one === undefined) continue
    one.taken += 1
    if (!correlated([one.filter], { event: value.event, scope, correlation })) continue
    open.delete(value.at)
    const item = read(value.event)
    const result = await iterate(scope, `${key}#event/${value.at}`, { item, index: taken.length })
    if (result instanceof Ended) return result
    taken.push(result)
  }
  return taken
}

function wishesOf({ filters }: Strategy, scope: Scope) {
  return filters.length === 0 ? [{ attributes: {} }] : filters.map((filter) => filter.wish(scope))
}

/** Whether an event has the value of those before it, for correlations that expect none of their own. */
function correlated(
  filters: readonly EventFilter[],
  about: {
    readonly event: CloudEvent
    readonly scope: Scope
    readonly correlation: Map<string, string>
  },
): boolean {
  const { event, scope, correlation } = about
  const found = filters.flatMap(({ open }) =>
    open.map(({ name, from }) => ({
      name,
      value: canonicalJson(plainJson(from(exactEvent(event), scope))),
    })),
  )
  if (found.some(({ name, value }) => (correlation.get(name) ?? value) !== value)) return false
  for (const { name, value } of found) correlation.set(name, value)
  return true
}
