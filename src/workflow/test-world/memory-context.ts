/** Keeps the journal of one instance in memory, with time that moves by itself, and can crash at any line of it. */

import { setImmediate as turn } from 'node:timers/promises'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { compileExpression } from '../../stream/jq.ts'
import {
  type AwaitedLife,
  type ChildWorkflow,
  type CloudEvent,
  type EventWish,
  Interrupted,
  type InterruptReason,
  type Question,
  type RunnableWorkflow,
} from '../durable-context.ts'
import { canonicalJson } from '../language/canonical.ts'
import type { ActionFunction } from '../language/compiler.ts'
import { type Problem, problemOf, WorkflowError } from '../workflow-error.ts'
import { MemoryContext } from './memory-branch.ts'

/** What a line of the journal holds; `until` and `index` stand for themselves. */
export interface Line {
  readonly kind: string
  readonly output?: Json
  readonly error?: Problem
}

/** Something that a test does to the instance from outside, so long after its start. */
export interface Stimulus {
  readonly afterMs: number
  act(instance: MemoryInstance): void
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

/** How an instance ended. */
export type Ending =
  | { readonly kind: 'completed'; readonly output: Json }
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'interrupted'; readonly reason: InterruptReason }
  | { readonly kind: 'waiting' }

/** One life of the program; after its end nothing that it began goes on. */
export interface Generation {
  dead: boolean
  readonly waits: Set<Wait>
  readonly usedKeys: Set<string>
  underWay: number
}

/** Something awaited. */
export interface Wait {
  readonly context: MemoryContext
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
  life: AwaitedLife = 'finalized'
  interruption: InterruptReason | undefined
  writes = 0
  crashes = 0
  #random = 0
  readonly #disturbance: Disturbance

  constructor(disturbance: Disturbance = {}) {
    this.#disturbance = disturbance
  }

  /** Runs a workflow until it ends, or nothing more would happen. */
  async run(
    workflow: Pick<RunnableWorkflow, 'run'>,
    input: Json,
    stimuli: readonly Stimulus[] = [],
  ): Promise<Ending> {
    const open = [...stimuli]
    for (;;) {
      const ending = await this.#live(workflow, input, open)
      if (ending !== undefined) return ending
    }
  }

  /** One life of the program. */
  async #live(
    workflow: Pick<RunnableWorkflow, 'run'>,
    input: Json,
    stimuli: Stimulus[],
  ): Promise<Ending | undefined> {
    const generation: Generation = {
      ...{ dead: false, waits: new Set(), usedKeys: new Set(), underWay: 0 },
    }
    let ending: Ending | undefined
    let fault: unknown
    workflow.run(new MemoryContext(this, generation), structuredClone(input)).then(
      (output) => {
        ending = { kind: 'completed', output }
      },
      (error: unknown) => {
        if (error instanceof WorkflowError) ending = { kind: 'failed', problem: problemOf(error) }
        else if (error instanceof Interrupted)
          ending = { kind: 'interrupted', reason: error.reason }
        else fault = error
      },
    )
    for (;;) {
      await turn()
      if (fault !== undefined) throw fault
      if (generation.dead) return undefined
      if (ending !== undefined) return ending
      if (this.#settle(generation) || generation.underWay > 0) continue
      if (!this.#moveTime(generation, stimuli)) return { kind: 'waiting' }
      if (this.#disturbance.parks) {
        generation.dead = true
        return undefined
      }
    }
  }

  #settle({ waits }: Generation): boolean {
    let settled = false
    for (const wait of [...waits]) {
      const reason = wait.context.interruption()
      if (reason !== undefined) wait.reject(new Interrupted(reason))
      if (reason !== undefined || wait.settle()) {
        waits.delete(wait)
        settled = true
      }
    }
    return settled
  }

  /** Goes to the next moment at which something happens. */
  #moveTime({ waits }: Generation, stimuli: Stimulus[]): boolean {
    const [stimulus] = stimuli
    const dueMs =
      stimulus === undefined ? Number.POSITIVE_INFINITY : this.startedAtMs + stimulus.afterMs
    const wakeMs = Math.min(...[...waits].map(({ atMs }) => atMs ?? Number.POSITIVE_INFINITY))
    const nextMs = Math.min(dueMs, wakeMs)
    if (nextMs === Number.POSITIVE_INFINITY) return false
    this.nowMs = Math.max(this.nowMs, nextMs)
    if (stimulus !== undefined && dueMs <= wakeMs) {
      stimuli.shift()
      stimulus.act(this)
    }
    return true
  }

  /** Writes a line, unless the program dies before. */
  write(generation: Generation, key: string, line: Line): void {
    if (generation.dead) return
    this.writes += 1
    if (this.crashes === 0 && this.writes === this.#disturbance.crashBefore) {
      this.crashes += 1
      generation.dead = true
      return
    }
    this.journal.set(key, JSON.parse(JSON.stringify(line)) as Line)
    if (this.crashes === 0 && this.writes === this.#disturbance.crashAfter) {
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

function fits(event: CloudEvent, { attributes, when, correlate = [] }: EventWish): boolean {
  if (Object.entries(attributes).some(([name, value]) => event[name] !== value)) return false
  try {
    if (when !== undefined && !isTrue(compileExpression(when)(event))) return false
    return correlate.every(
      ({ from, expect }) => canonicalJson(compileExpression(from)(event)) === canonicalJson(expect),
    )
  } catch {
    return false
  }
}

function isTrue(value: Json): boolean {
  return value !== null && value !== false
}

/** Functions of a test that record what they did, by idempotency key. */
export class Effects {
  /** What was done under which key; a key that was asked twice must be asked the same. */
  readonly done = new Map<string, { readonly name: string; readonly input: Json }>()
  /** Every call, in order. */
  readonly calls: string[] = []

  /** A function that gives what `answer` makes of its input. */
  function(
    name: string,
    answer: (input: Json, call: number) => Json | Promise<Json>,
  ): ActionFunction {
    return async (input, { idempotencyKey }) => {
      this.calls.push(name)
      const before = this.done.get(idempotencyKey)
      if (before !== undefined && canonicalJson(before.input) !== canonicalJson(input)) {
        throw new AppError({ code: 'test/differs', message: `${name} was asked otherwise before` })
      }
      const call = this.calls.filter((one) => one === name).length
      const output = await answer(input, call)
      this.done.set(idempotencyKey, { name, input })
      return { kind: 'done', output }
    }
  }

  /** What was done, in the order of names. */
  list(): string[] {
    return [...this.done.values()]
      .map(({ name, input }) => `${name} ${canonicalJson(input)}`)
      .sort()
  }
}
