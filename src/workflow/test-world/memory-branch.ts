/** The durable context of a run or a branch over an instance that is kept in memory. */

import { createHash } from 'node:crypto'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import {
  type Action,
  type AwaitedLife,
  type Branch,
  type ChildWorkflow,
  type CloudEvent,
  type DurableContext,
  type EventWish,
  type Inbox,
  Interrupted,
  type InterruptReason,
  type Question,
} from '../durable-context.ts'
import { problemOf, WorkflowError } from '../workflow-error.ts'
import type { Generation, Line, MemoryInstance } from './memory-instance.ts'

/** Tries of an action that names no number of its own. */
const defaultAttempts = 3

/** Looks at what is not there yet. */
const maxWaits = 20

type Settled<T> = { readonly value: T } | { readonly error: unknown }

/** One branch; the root where it has no parent. */
export class MemoryContext implements DurableContext {
  readonly #instance: MemoryInstance
  readonly #generation: Generation
  readonly #parent: MemoryContext | undefined
  readonly #isSheltered: boolean
  #stopped = false

  constructor(
    instance: MemoryInstance,
    generation: Generation,
    place: { readonly parent?: MemoryContext; readonly sheltered?: boolean } = {},
  ) {
    this.#instance = instance
    this.#generation = generation
    this.#parent = place.parent
    this.#isSheltered = place.sheltered ?? false
  }

  get instanceId(): string {
    return this.#instance.id
  }

  get startedAtMs(): number {
    return this.#instance.startedAtMs
  }

  get sheltered(): DurableContext {
    return new MemoryContext(this.#instance, this.#generation, { sheltered: true })
  }

  /** Why operations that the journal does not know are refused. */
  interruption(): InterruptReason | undefined {
    if (this.#stopped) return 'branch-stopped'
    if (this.#parent !== undefined) return this.#parent.interruption()
    return this.#isSheltered ? undefined : this.#instance.interruption
  }

  at(step: string): void {
    if (!this.#instance.visited.includes(step)) this.#instance.visited.push(step)
  }

  async end(): Promise<void> {
    await this.#alive()
    this.#mustGoOn()
  }

  readonly undoneFrom = 0

  order(key: string): number | undefined {
    const place = [...this.#instance.journal.keys()].indexOf(key)
    return place < 0 ? undefined : place + 1
  }

  async run(key: string, action: Action): Promise<Json> {
    return this.#once(key, async () => {
      const attempts = action.retry?.attempts ?? defaultAttempts
      const { tries } = this.#instance
      for (;;) {
        const attempt = (tries.get(key) ?? 0) + 1
        const outcome = await this.#attempt(key, action, attempt)
        if ('error' in outcome) {
          if (!this.#generation.dead) tries.set(key, attempt)
          const { error } = outcome
          const fatal = error instanceof AppError && error.retry === 'never'
          if (fatal || attempt >= attempts)
            return { kind: 'action', error: problemOf(error) } satisfies Line
          const { delayMs = 1_000, backoff = 2 } = action.retry ?? {}
          await this.#pause(delayMs * backoff ** (attempt - 1))
        } else if (outcome.value.kind === 'waiting') {
          // A step that waits for something that no test brings waits for ever.
          if (attempt >= maxWaits) await this.#until(() => false)
          if (!this.#generation.dead) tries.set(key, attempt)
          await this.#pause(outcome.value.retryAfterMs)
        } else if (outcome.value.kind === 'done') {
          return { kind: 'action', output: outcome.value.output } satisfies Line
        } else {
          throw new Error('nothing is asked for the sake of its end here')
        }
      }
    })
  }

  async #attempt(key: string, action: Action, attempt: number) {
    const idempotencyKey = createHash('sha256').update(`${this.instanceId}\n${key}`).digest('hex')
    const { signal } = new AbortController()
    this.#generation.underWay += 1
    try {
      const step = key
      const about = { instanceId: this.instanceId, step, attempt, signal }
      const value = await action.run({ ...about, idempotencyKey: `0x${idempotencyKey}` })
      return { value }
    } catch (error) {
      return { error }
    } finally {
      this.#generation.underWay -= 1
    }
  }

  async sleep(key: string, durationMs: number): Promise<void> {
    const begun = `${key}#begun`
    const until = await this.#once(begun, async () => {
      return { kind: 'sleep', output: this.#instance.nowMs + durationMs }
    })
    await this.#once(key, async () => {
      await this.#until(() => this.#instance.nowMs >= Number(until), Number(until))
      return { kind: 'woken', output: null }
    })
  }

  async now(key: string): Promise<number> {
    const output = this.#instance.nowMs
    return Number(await this.#once(key, async () => ({ kind: 'now', output })))
  }

  async random(key: string): Promise<number> {
    const output = this.#instance.random()
    return Number(await this.#once(key, async () => ({ kind: 'random', output })))
  }

  async listen(key: string, wishes: readonly EventWish[]): Promise<Inbox> {
    const { inboxes } = this.#instance
    if (!inboxes.has(key)) {
      await this.#once(key, async () => {
        inboxes.set(key, { wishes, events: [], taken: 0, closed: false })
        return { kind: 'listen', output: null }
      })
    }
    const inbox = inboxes.get(key)
    if (inbox === undefined) throw new Error(`no inbox ${key}`)
    return {
      next: async (nextKey) => {
        const take = async (): Promise<Line> => {
          await this.#until(() => inbox.events.length > inbox.taken)
          return { kind: 'event', output: inbox.events[inbox.taken] as Json }
        }
        const taken = () => {
          inbox.taken += 1
        }
        return (await this.#once(nextKey, take, { again: true, written: taken })) as CloudEvent
      },
      close: async () => {
        inbox.closed = true
      },
    }
  }

  async emit(key: string, event: CloudEvent): Promise<void> {
    const written = () => {
      this.#instance.emitted.push(event)
      this.#instance.publish(event)
    }
    await this.#once(key, async () => ({ kind: 'emit', output: event }), { written })
  }

  async child(key: string, child: ChildWorkflow): Promise<Json> {
    const given = this.#instance.childOutputs[child.name] ?? null
    const line: Line =
      given instanceof WorkflowError
        ? { kind: 'child', error: problemOf(given) }
        : { kind: 'child', output: child.awaited ? given : `child-of-${key}` }
    const written = () => this.#instance.children.push(child)
    return this.#once(key, async () => line, { written })
  }

  async reached(key: string, life: AwaitedLife): Promise<boolean> {
    await this.#once(`${key}#life`, async () => {
      await this.#until(() => this.#instance.hasReached(life))
      return { kind: 'life', output: life }
    })
    return true
  }

  async ask(key: string, question: Question): Promise<Json> {
    const { questions } = this.#instance
    if (!questions.has(key)) questions.set(key, { question })
    const asked = questions.get(key)
    const { deadlineMs } = question
    const until = await this.#once(`${key}#asked`, async () => {
      return { kind: 'asked', output: this.#instance.nowMs + (deadlineMs ?? 0) }
    })
    const dueMs = deadlineMs === undefined ? undefined : Number(until)
    return this.#once(key, async () => {
      const isDue = () => dueMs !== undefined && this.#instance.nowMs >= dueMs
      await this.#until(() => asked?.answer !== undefined || isDue(), dueMs)
      if (asked?.answer !== undefined) return { kind: 'answer', output: asked.answer }
      const late = new WorkflowError({ type: 'timeout', detail: 'nobody answered in time' })
      return { kind: 'answer', error: problemOf(late) }
    })
  }

  async race<T>(key: string, branches: readonly Branch<T>[]): Promise<{ index: number; value: T }> {
    const known = this.#instance.journal.get(key)
    this.#take(key)
    if (known === undefined) this.#mustGoOn()
    const contexts = branches.map(() => this.#branch())
    let winner = known === undefined ? undefined : Number(known.output)
    const stopOthers = (index: number) => {
      for (const [at, context] of contexts.entries()) if (at !== index) context.#stopped = true
    }
    if (winner !== undefined) stopOthers(winner)
    const results = await this.#settled(branches, contexts, (index, result) => {
      if (winner !== undefined || ('error' in result && !(result.error instanceof WorkflowError)))
        return
      winner = index
      this.#instance.write(this.#generation, key, { kind: 'race', output: index })
      stopOthers(index)
    })
    await this.#alive()
    if (winner === undefined) throw failureOf(results)
    const won = results[winner] as Settled<T>
    if ('error' in won) throw won.error
    return { index: winner, value: won.value }
  }

  async all<T>(key: string, branches: readonly Branch<T>[]): Promise<T[]> {
    this.#take(key)
    const contexts = branches.map(() => this.#branch())
    const results = await this.#settled(branches, contexts, (_index, result) => {
      if ('error' in result) for (const context of contexts) context.#stopped = true
    })
    await this.#alive()
    if (results.some((one) => 'error' in one)) throw failureOf(results)
    return results.map((one) => (one as { value: T }).value)
  }

  async #settled<T>(
    branches: readonly Branch<T>[],
    contexts: readonly MemoryContext[],
    tell: (index: number, result: Settled<T>) => void,
  ): Promise<Settled<T>[]> {
    const run = async (branch: Branch<T>, index: number): Promise<Settled<T>> => {
      let result: Settled<T>
      try {
        result = { value: await branch(contexts[index] as MemoryContext) }
      } catch (error) {
        result = { error }
      }
      tell(index, result)
      return result
    }
    return Promise.all(branches.map(run))
  }

  #branch(): MemoryContext {
    return new MemoryContext(this.#instance, this.#generation, { parent: this })
  }

  /** Gives what the journal has under a key; else does it and journals it. */
  async #once(
    key: string,
    work: () => Promise<Line>,
    how: { readonly again?: boolean; readonly written?: () => void } = {},
  ): Promise<Json> {
    if (how.again !== true) this.#take(key)
    let line = this.#instance.journal.get(key)
    if (line === undefined) {
      this.#mustGoOn()
      line = await work()
      this.#instance.write(this.#generation, key, line)
      if (this.#instance.journal.has(key)) how.written?.()
    }
    await this.#alive()
    if (line.error !== undefined) throw new WorkflowError({ ...line.error })
    return (line.output ?? null) as Json
  }

  #take(key: string): void {
    if (this.#generation.dead) return
    if (this.#generation.usedKeys.has(key)) throw new Error(`the key ${key} is used twice`)
    this.#generation.usedKeys.add(key)
  }

  #mustGoOn(): void {
    const reason = this.interruption()
    if (reason !== undefined) throw new Interrupted(reason)
  }

  /** Never comes back to a program that has died. */
  async #alive(): Promise<void> {
    if (this.#generation.dead) await new Promise(() => {})
  }

  #pause(ms: number): Promise<void> {
    const atMs = this.#instance.nowMs + ms
    return this.#until(() => this.#instance.nowMs >= atMs, atMs)
  }

  #until(ready: () => boolean, atMs?: number): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#generation.waits.add({
        ...{ context: this, atMs, reject },
        settle: () => {
          if (!ready()) return false
          resolve()
          return true
        },
      })
    })
  }
}

/** The error that counts: one of the workflow before that of a branch that was told to stop. */
function failureOf<T>(results: readonly Settled<T>[]): unknown {
  const errors = results.flatMap((one) => ('error' in one ? [one.error] : []))
  const isStop = (one: unknown) => one instanceof Interrupted && one.reason === 'branch-stopped'
  return errors.find((one) => !isStop(one)) ?? errors[0]
}
