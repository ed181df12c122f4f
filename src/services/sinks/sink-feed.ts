/** Says which sinks are told of an event or an outcome, and how. */

import type { Json } from '../../base/json-rpc.ts'
import type { SqlWrite } from '../../store/sql.ts'
import { compileExpression, type Evaluate } from '../../stream/jq.ts'
import type { StreamEvent } from '../../stream/stream.ts'
import type { Instance } from '../../workflow/workflow.ts'
import type { SinkMessage } from '../sink.ts'
import type { SinkOptions } from './sink-options.ts'
import { type Told, tellEach, tellOnce, tellRetraction } from './sink-tables.ts'

const lives = ['pending', 'confirmed', 'safe', 'finalized']

/** What one sink takes. */
export class SinkFeed {
  readonly #options: SinkOptions
  readonly #key: Evaluate | undefined
  readonly #filter: Evaluate | undefined

  constructor(options: SinkOptions) {
    this.#options = options
    this.#key = options.key === undefined ? undefined : compileExpression(options.key)
    this.#filter = options.filter === undefined ? undefined : compileExpression(options.filter)
  }

  /** Writes that belong into the transaction which changes the event. */
  event(event: StreamEvent, cloudEvent: CloudEvent): readonly SqlWrite[] {
    const { events, chains, life, eachLife, name: sink } = this.#options
    const { id, chain, name, state, address } = event
    if (!events || !isOneOf(chains, chain) || !this.#isNamed(name)) return []
    const told: Told = {
      ...{ sink, subject: id, life: state, key: this.#keyOf(cloudEvent, `${chain}:${address}`) },
      ...{ route: routeOf('event', chain, name, state), atMs: event.seenAtMs },
      payload: withoutId({ ...cloudEvent, ...{ eventid: id } }),
    }
    if (state === 'retracted') return tellRetraction(told)
    if (lives.indexOf(state) < lives.indexOf(life)) return []
    return eachLife ? tellEach(told) : tellOnce(told)
  }

  /** Writes that belong into the transaction which ends the instance. */
  outcome(instance: Instance, cloudEvent: CloudEvent): readonly SqlWrite[] {
    const { outcomes, name: sink } = this.#options
    const { id, workflow, status, updatedAtMs: atMs } = instance
    if (!outcomes || !this.#isNamed(workflow)) return []
    const route = routeOf('outcome', workflow, status)
    const told = { sink, subject: id, life: status, route, key: this.#keyOf(cloudEvent, id), atMs }
    return tellEach({ ...told, payload: withoutId(cloudEvent) })
  }

  /** Writes that belong into the transaction by which an instance comes there. */
  lifecycle(
    { id, workflow }: Instance,
    { phase, atMs, event, seq }: LifecycleTold,
  ): readonly SqlWrite[] {
    const { lifecycle, tasks, name: sink } = this.#options
    const isTask = seq !== undefined
    if (!(isTask ? tasks : lifecycle) || !this.#isNamed(workflow)) return []
    const route = routeOf(isTask ? 'task' : 'lifecycle', workflow, phase)
    const subject = isTask ? `lifecycle/${id}/task/${seq}` : `lifecycle/${id}`
    const key = this.#keyOf(event, id)
    return tellEach({ sink, subject, life: phase, route, key, atMs, payload: withoutId(event) })
  }

  /** Whether the filter lets a message through. @throws AppError `stream/expression-failed` */
  wants({ payload }: SinkMessage): boolean {
    if (this.#filter === undefined) return true
    const value = this.#filter(JSON.parse(payload) as Json)
    return value !== false && value !== null
  }

  #isNamed(name: string): boolean {
    return isOneOf(this.#options.names, name)
  }

  /** An expression that fails gives the usual key: the event itself is not to blame. */
  #keyOf(cloudEvent: CloudEvent, usual: string): string {
    if (this.#key === undefined) return usual
    try {
      const value = this.#key(cloudEvent as unknown as Json)
      return typeof value === 'string' ? value : JSON.stringify(value)
    } catch {
      return usual
    }
  }
}

/** A CloudEvent 1.0 whose id is that of the event or instance. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
}

/** Where an instance has come to. */
export interface LifecycleTold {
  /** Last part of the type: `started`, `faulted`. */
  readonly phase: string
  readonly atMs: number
  readonly event: CloudEvent
  /** Of a task: the number of its journal's line. */
  readonly seq?: number
}

/** Id and version are put in front when the message is sent. */
function withoutId({ id: _, specversion: _version, ...rest }: CloudEvent): string {
  return JSON.stringify(rest)
}

function isOneOf(wanted: readonly string[] | undefined, name: string): boolean {
  return wanted === undefined || wanted.includes(name)
}

/** Parts that subjects, topics and routing keys can hold. */
function routeOf(...parts: readonly string[]): string {
  return parts.map((part) => part.replace(/[^A-Za-z0-9_-]/g, '_') || '_').join('/')
}
