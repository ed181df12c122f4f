/** Gives a definition its durable context: every operation answers from the journal, or does its work and journals it. */

import type { Clock } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlWrite } from '../../store/sql.ts'
import type {
  Action,
  AwaitedLife,
  Branch,
  ChildWorkflow,
  CloudEvent,
  DurableContext,
  EventWish,
  Inbox,
  Question,
} from '../durable-context.ts'
import { keptJson } from '../kept-json.ts'
import { performAction } from './action-run.ts'
import { allBranches, raceBranches } from './branches.ts'
import { awaitChild } from './children.ts'
import { openInbox } from './inboxes.ts'
import { lives } from './instance-rows.ts'
import { given } from './journal.ts'
import { askQuestion } from './questions.ts'
import type { LiveRun } from './run-environment.ts'
import type { Scope } from './scope.ts'

/** The context of a run, or of one of its branches. */
export class RunContext implements DurableContext {
  readonly #run: LiveRun
  readonly #scope: Scope

  constructor(run: LiveRun, scope: Scope) {
    this.#run = run
    this.#scope = scope
  }

  get instanceId(): string {
    return this.#run.id
  }

  get startedAtMs(): number {
    return this.#run.row.createdAtMs
  }

  get undoneFrom(): number {
    return this.#run.undoneFrom
  }

  get sheltered(): DurableContext {
    return new RunContext(this.#run, this.#run.shelter)
  }

  async run(key: string, action: Action): Promise<Json> {
    const known = this.#run.journal.get(key)
    if (known !== undefined) return given(known)
    return performAction(this.#run, this.#scope, { key, action })
  }

  async sleep(key: string, durationMs: number): Promise<void> {
    if (!(durationMs > 0)) return
    const [run, scope] = [this.#run, this.#scope]
    const known = run.journal.get(key)
    const untilMs = known ? Number(known.output) : run.with.clock.nowMs() + Math.ceil(durationMs)
    if (known === undefined) {
      await run.admit(scope)
      this.#journal(key, 'sleep', untilMs)
    } else if (untilMs <= run.with.clock.nowMs()) return
    await run.wait({
      scope,
      untilMs,
      step: key,
      reason: undefined,
      look: (_, nowMs) => (nowMs >= untilMs ? true : undefined),
    })
  }

  now(key: string): Promise<number> {
    return this.#once(key, 'now', (clock) => clock.nowMs())
  }

  random(key: string): Promise<number> {
    return this.#once(key, 'random', () => this.#run.with.random())
  }

  async listen(key: string, wishes: readonly EventWish[]): Promise<Inbox> {
    return openInbox(this.#run, this.#scope, { key, wishes })
  }

  async emit(key: string, event: CloudEvent): Promise<void> {
    const run = this.#run
    if (run.journal.get(key) !== undefined) return
    await run.admit(this.#scope)
    const traceparent = event.traceparent ?? run.with.traces?.ofInstance(run.row)
    const told = traceparent === undefined ? event : { ...event, traceparent }
    const along = [{ sql: 'INSERT INTO emitted (event) VALUES (?)', values: [keptJson(told, key)] }]
    this.#journal(key, 'emit', event.id, along)
    await run.busy(() => run.flush())
    run.with.wake()
  }

  async child(key: string, child: ChildWorkflow): Promise<Json> {
    return awaitChild(this.#run, this.#scope, { key, child })
  }

  async reached(key: string, life: AwaitedLife): Promise<boolean> {
    const run = this.#run
    const wanted = Math.min(lives.indexOf(life), run.with.enoughLife)
    if (run.row.life >= wanted) return true
    // What was done must come to be known to whoever undoes it.
    if (run.journal.hasActed(key)) return false
    await run.admit(this.#scope)
    const reason = `its event is not ${lives[wanted]} yet`
    const look = (row: LiveRun['row']) => (row.life >= wanted ? true : undefined)
    await run.wait({ scope: this.#scope, untilMs: undefined, step: `${key}#life`, reason, look })
    return true
  }

  async ask(key: string, question: Question): Promise<Json> {
    return askQuestion(this.#run, this.#scope, { key, question })
  }

  async race<T>(
    key: string,
    branches: readonly Branch<T>[],
    until?: string,
  ): Promise<{ index: number; value: T }> {
    return raceBranches(this.#run, this.#scope, { key, branches, until })
  }

  async all<T>(key: string, branches: readonly Branch<T>[]): Promise<T[]> {
    return allBranches(this.#run, this.#scope, { key, branches })
  }

  at(step: string): void {
    this.#run.step = step
  }

  async end(): Promise<void> {
    this.#scope.check()
  }

  order(key: string): number | undefined {
    return this.#run.journal.get(key)?.seq
  }

  async #once(key: string, action: string, value: (clock: Clock) => number): Promise<number> {
    const known = this.#run.journal.get(key)
    if (known !== undefined) return Number(known.output)
    await this.#run.admit(this.#scope)
    return this.#journal(key, action, await this.#run.once(key, value))
  }

  #journal<T extends Json>(key: string, action: string, output: T, along?: readonly SqlWrite[]): T {
    const atMs = this.#run.with.clock.nowMs()
    const line = {
      step: key,
      kind: 'completed',
      action,
      attempt: 1,
      startedAtMs: atMs,
      atMs,
    } as const
    this.#run.line(
      { ...line, output: keptJson(output, key) },
      { output, ...(along ? { along } : {}) },
    )
    return output
  }
}
