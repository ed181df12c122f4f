/** Holds what is durable of one instance that tests keep in memory: its journal, inboxes, questions and time. */

import type { Json } from '../../base/json-rpc.ts'
import type {
  AwaitedLife,
  ChildWorkflow,
  CloudEvent,
  EventWish,
  InterruptReason,
  Question,
} from '../durable-context.ts'
import { createEventExpressions } from '../event-expressions.ts'
import { canonicalJson } from '../language/canonical.ts'
import type { Problem, WorkflowError } from '../workflow-error.ts'

/** What a line of the journal holds; `until` and `index` stand for themselves. */
export interface Line {
  readonly kind: string
  readonly output?: Json
  readonly error?: Problem
}

/** How a run is disturbed. */
export interface Disturbance {
  /** The program dies right after this many lines have been written. */
  readonly crashAfter?: number
  /** The program dies when this line was to be written; what it is about has been done. */
  readonly crashBefore?: number
  /** Whenever everything waits, the run is dropped, and begun again when something has happened. */
  readonly parks?: boolean
}

/** One life of the program; after its end nothing that it began goes on. */
export interface Generation {
  dead: boolean
  readonly waits: Set<Wait>
  readonly usedKeys: Set<string>
  underWay: number
}

/** Something awaited. */
export interface Wait {
  readonly context: { interruption(): InterruptReason | undefined }
  /** When time alone ends it. */
  readonly atMs?: number | undefined
  /** Ends it when it can be ended. */
  settle(): boolean
  reject(error: Error): void
}

interface Inbox {
  readonly wishes: readonly EventWish[]
  readonly events: CloudEvent[]
  taken: number
  closed: boolean
}

const lives: readonly AwaitedLife[] = ['pending', 'confirmed', 'safe', 'finalized']

/** One instance. */
export class MemoryInstance {
  readonly id = 'instance-1'
  readonly startedAtMs = 1_700_000_000_000
  nowMs = this.startedAtMs
  readonly journal = new Map<string, Line>()
  readonly inboxes = new Map<string, Inbox>()
  readonly questions = new Map<string, { readonly question: Question; answer?: Json }>()
  readonly emitted: CloudEvent[] = []
  readonly children: ChildWorkflow[] = []
  /** Pointers of tasks in the order in which they were first begun. */
  readonly visited: string[] = []
  /** What children give, by name. */
  readonly childOutputs: Record<string, Json | WorkflowError> = {}
  /** Failed tries of actions, by key. */
  readonly tries = new Map<string, number>()
  life: AwaitedLife = 'finalized'
  interruption: InterruptReason | undefined
  writes = 0
  crashes = 0
  #random = 0
  readonly disturbance: Disturbance

  constructor(disturbance: Disturbance = {}) {
    this.disturbance = disturbance
  }

  /** Writes a line, unless the program dies before. */
  write(generation: Generation, key: string, line: Line): void {
    if (generation.dead) return
    this.writes += 1
    if (this.crashes === 0 && this.writes === this.disturbance.crashBefore) {
      this.crashes += 1
      generation.dead = true
      return
    }
    this.journal.set(key, JSON.parse(JSON.stringify(line)) as Line)
    if (this.crashes === 0 && this.writes === this.disturbance.crashAfter) {
      this.crashes += 1
      generation.dead = true
    }
  }

  /** A number that is never the same. */
  random(): number {
    this.#random = (this.#random * 16_807 + 12_345) % 2_147_483_647
    return this.#random / 2_147_483_647
  }

  /** Whether the starting event has this life. */
  hasReached(life: AwaitedLife): boolean {
    return lives.indexOf(this.life) >= lives.indexOf(life)
  }

  /** Gives an event to whoever listens. */
  publish(event: CloudEvent): void {
    for (const inbox of this.inboxes.values()) {
      if (!inbox.closed && inbox.wishes.some((wish) => fits(event, wish))) inbox.events.push(event)
    }
  }

  /** Answers the only open question. */
  answer(answer: Json): void {
    for (const one of this.questions.values()) one.answer ??= answer
  }

  /** Has the run end. */
  interrupt(reason: InterruptReason): void {
    this.interruption = reason
  }
}

const evaluate = createEventExpressions()

function fits(event: CloudEvent, { attributes, when, correlate = [] }: EventWish): boolean {
  if (Object.entries(attributes).some(([name, value]) => event[name] !== value)) return false
  try {
    if (when !== undefined && !isTrue(evaluate(when, event))) return false
    return correlate.every(
      ({ from, expect }) => canonicalJson(evaluate(from, event)) === canonicalJson(expect),
    )
  } catch {
    return false
  }
}

function isTrue(value: Json): boolean {
  return value !== null && value !== false
}
