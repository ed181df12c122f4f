/** Gives a definition its durable context on Restate: what it asks is journaled by the cluster. */

import { createHash } from 'node:crypto'
import type { Json } from '../../../base/json-rpc.ts'
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
  type Question,
} from '../../durable-context.ts'
import { keptJson } from '../../kept-json.ts'
import { WorkflowError } from '../../workflow-error.ts'
import { allBranches, raceBranches } from '../branches.ts'
import { lives } from '../instance-rows.ts'
import { errorOf, given } from '../journal.ts'
import type { Scope } from '../scope.ts'
import type { AttemptResult } from './restate-action.ts'
import type { RestateRun } from './restate-run.ts'
import { awaitAnswer, awaitChild, openInbox } from './restate-waits.ts'

/** Lines of one journal. */
const maxLines = 10_000

/** The context of a run, or of one of its branches. */
export class RestateContext implements DurableContext {
  readonly #run: RestateRun
  readonly #scope: Scope

  constructor(run: RestateRun, scope: Scope) {
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
    return 0
  }

  get sheltered(): DurableContext {
    return new RestateContext(this.#run, this.#run.shelter)
  }

  async run(key: string, action: Action): Promise<Json> {
    const run = this.#run
    const known = run.journal.get(key)
    if (known !== undefined) return given(known)
    this.#admit()
    run.step = key
    // What can be undone is brought to its end once it has begun.
    const scope = action.isUndone === true ? this.#scope.held() : this.#scope
    let attempt = 1
    for (let turn = 1; ; turn += 1) {
      const about = { key: turn === 1 ? key : `${key}#turn/${turn}`, step: key, attempt }
      const result = await run.attempt(about, action, { scope, outer: this.#scope })
      if (result.kind === 'done' || result.kind === 'failed') {
        return this.#ended(key, action, { result, attempt })
      }
      if (result.kind === 'interrupted') throw new Interrupted(this.#scope.reason ?? 'cancelled')
      run.reason = result.reason
      if (result.kind === 'again') attempt += 1
      await run.sleep(scope, `${about.key}#pause`, result.pauseMs)
      run.reason = undefined
    }
  }

  #ended(
    key: string,
    action: Action,
    {
      result,
      attempt,
    }: { result: Extract<AttemptResult, { kind: 'done' | 'failed' }>; attempt: number },
  ): Json {
    const { startedAtMs, atMs } = result
    const about = { step: key, action: action.kind, attempt, startedAtMs, atMs }
    const input = action.input === undefined ? undefined : JSON.stringify(action.input)
    if (result.kind === 'done') {
      const { output } = result
      const line = { ...about, kind: 'completed', input, output: JSON.stringify(output) } as const
      this.#run.line(line, { output })
      return output
    }
    const error = JSON.stringify(result.problem)
    this.#run.line({ ...about, kind: 'failed', input, error })
    throw errorOf(result.problem)
  }

  async sleep(key: string, durationMs: number): Promise<void> {
    if (!(durationMs > 0) || this.#run.journal.get(key) !== undefined) return
    this.#admit()
    await this.#run.sleep(this.#scope, key, Math.ceil(durationMs))
    this.#run.note(key, 'sleep', durationMs)
  }

  async now(key: string): Promise<number> {
    return Number(await this.#once(key, 'now', () => this.#run.with.clock.nowMs()))
  }

  async random(key: string): Promise<number> {
    // The same for the same key of the same instance, so that nobody needs to remember it.
    const digest = createHash('sha256').update(this.#run.journal.idempotencyKeyOf(key)).digest()
    return digest.readUIntBE(0, 6) / 2 ** 48
  }

  listen(key: string, wishes: readonly EventWish[]): Promise<Inbox> {
    return openInbox(this.#run, this.#scope, { key, wishes })
  }

  async emit(key: string, event: CloudEvent): Promise<void> {
    const text = keptJson(event, `the event of ${key}`)
    // Given twice after a crash, it is known by its id.
    await this.#once(key, 'emit', async () => {
      await this.#run.with.sql.run('INSERT INTO emitted (event) VALUES (?)', text)
      this.#run.with.wake()
      return JSON.parse(text) as Json
    })
  }

  child(key: string, child: ChildWorkflow): Promise<Json> {
    return awaitChild(this.#run, this.#scope, { key, child })
  }

  async reached(_key: string, life: AwaitedLife): Promise<void> {
    const run = this.#run
    const wanted = Math.min(lives.indexOf(life), run.with.enoughLife)
    if (run.row.life >= wanted) return
    this.#admit()
    await run.promise(this.#scope, run.named(`life/${wanted}`))
  }

  ask(key: string, question: Question): Promise<Json> {
    return awaitAnswer(this.#run, this.#scope, { key, question })
  }

  race<T>(key: string, branches: readonly Branch<T>[]): Promise<{ index: number; value: T }> {
    return raceBranches(this.#run, this.#scope, { key, branches })
  }

  all<T>(key: string, branches: readonly Branch<T>[]): Promise<T[]> {
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

  async #once(key: string, action: string, act: () => Json | Promise<Json>): Promise<Json> {
    const known = this.#run.journal.get(key)
    if (known !== undefined) return known.output
    this.#admit()
    const output = await this.#run.once(this.#scope, key, act)
    this.#run.note(key, action, output)
    return output
  }

  /** @throws Interrupted, WorkflowError at the limit */
  #admit(): void {
    this.#scope.check()
    if (this.#run.journal.lines < maxLines || this.#scope === this.#run.shelter) return
    const detail = `the journal of the instance has reached its limit of ${maxLines} lines`
    throw new WorkflowError({ type: 'runtime', title: 'Journal too large', detail })
  }
}
