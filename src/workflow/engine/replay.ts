/** Runs a definition on the journal of an instance without any effect, to see where it would go. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlStore } from '../../store/sql.ts'
import {
  type Action,
  type AwaitedLife,
  type Branch,
  type ChildWorkflow,
  type CloudEvent,
  type DurableContext,
  type Inbox,
  Interrupted,
  type Question,
  type RunnableWorkflow,
} from '../durable-context.ts'
import type { ReplayReport } from '../workflow.ts'
import { problemOf } from '../workflow-error.ts'
import { noInstance } from './controls.ts'
import type { Definitions } from './definitions.ts'
import { compensationMark } from './endings.ts'
import { type InstanceRow, instanceOf } from './instance-rows.ts'
import { given, Journal } from './journal.ts'
import { never } from './piece-writer.ts'
import { Scope } from './scope.ts'

/** Replays an instance, on another definition or the hash of one, else on its own. @throws AppError where one is not there */
export async function replayInstance(
  { sql, definitions }: { readonly sql: SqlStore; readonly definitions: Definitions },
  id: string,
  definition: RunnableWorkflow | string | undefined,
): Promise<ReplayReport> {
  const found = await sql.get('SELECT * FROM instances WHERE id = ?', id)
  if (found === undefined) throw noInstance(id)
  const row = instanceOf(found)
  const hash = definition ?? row.definitionHash
  const workflow = typeof hash === 'string' ? await definitions.byHash(hash) : hash
  if (workflow === undefined) {
    const message = `there is no definition ${hash}`
    throw new AppError({ code: 'workflow/not-deployed', message })
  }
  return replayOn(workflow, row, await Journal.load(sql, id))
}

/** Where a definition goes on the journal of an instance, and where the two differ. */
export async function replayOn(
  workflow: RunnableWorkflow,
  row: InstanceRow,
  journal: Journal,
): Promise<ReplayReport> {
  const state = new ReplayState(row, journal)
  let end: { output?: Json; problem?: ReturnType<typeof problemOf> } = {}
  void workflow.run(new ReplayContext(state, new Scope()), row.input).then(
    (output) => {
      end = { output }
    },
    (error: unknown) => {
      end = { problem: problemOf(error) }
    },
  )
  // Nothing is awaited but the journal, which answers at once: two quiet turns are the end.
  for (let quiet = 0; quiet < 2; ) {
    const before = state.asked
    await new Promise(setImmediate)
    quiet = state.asked === before ? quiet + 1 : 0
  }
  return { next: state.next, differences: state.differences(), ...end }
}

class ReplayState {
  readonly row: InstanceRow
  readonly journal: Journal
  readonly next: { step: string; action: string; input?: Json }[] = []
  readonly #mismatches = new Map<string, string>()
  readonly #used = new Set<string>()
  asked = 0

  constructor(row: InstanceRow, journal: Journal) {
    this.row = row
    this.journal = journal
  }

  /** What the journal has for a key, if it has it as the same kind. */
  look(step: string, action: string, input?: Json): Json | undefined {
    this.asked += 1
    const known = this.journal.get(step)
    if (known?.action === action) {
      this.#used.add(step)
      return given(known)
    }
    if (known !== undefined) this.#mismatches.set(step, action)
    else this.next.push({ step, action, ...(input === undefined ? {} : { input }) })
    return undefined
  }

  /** What the run did not ask for; compensation is asked for only by a run that is undone. */
  differences(): ReplayReport['differences'] {
    return [...this.journal.known()]
      .filter(([step]) => !this.#used.has(step) && !step.includes(compensationMark))
      .filter(([step, { action }]) => action !== 'end' && !step.startsWith('#compensation'))
      .map(([step, { action }]) => ({ step, journaled: action, asked: this.#mismatches.get(step) }))
  }
}

class ReplayContext implements DurableContext {
  readonly #state: ReplayState
  readonly #scope: Scope

  constructor(state: ReplayState, scope: Scope) {
    this.#state = state
    this.#scope = scope
  }

  get instanceId(): string {
    return this.#state.row.id
  }

  get startedAtMs(): number {
    return this.#state.row.createdAtMs
  }

  get undoneFrom(): number {
    return 0
  }

  get sheltered(): DurableContext {
    return new ReplayContext(this.#state, new Scope())
  }

  run(key: string, { kind, input }: Action): Promise<Json> {
    return this.#given(key, kind, input)
  }

  async sleep(key: string, durationMs: number): Promise<void> {
    if (durationMs > 0) await this.#given(key, 'sleep', durationMs)
  }

  async now(key: string): Promise<number> {
    return Number(await this.#given(key, 'now'))
  }

  async random(key: string): Promise<number> {
    return Number(await this.#given(key, 'random'))
  }

  async listen(key: string): Promise<Inbox> {
    await this.#given(key, 'listen')
    return {
      next: async (step) => (await this.#given(step, 'event')) as CloudEvent,
      close: async () => {},
    }
  }

  async emit(key: string, event: CloudEvent): Promise<void> {
    await this.#given(key, 'emit', event)
  }

  child(key: string, { input, awaited }: ChildWorkflow): Promise<Json> {
    if (awaited) this.#state.look(`${key}#start`, 'child')
    return this.#given(key, 'child', input)
  }

  async reached(_key: string, _life: AwaitedLife): Promise<boolean> {
    return true
  }

  ask(key: string, { title }: Question): Promise<Json> {
    return this.#given(key, 'ask', title)
  }

  async race<T>(key: string, branches: readonly Branch<T>[]): Promise<{ index: number; value: T }> {
    const found = this.#state.look(key, 'race')
    const winner = found === undefined ? undefined : Number(found)
    const running = branches.map((branch, at) =>
      this.#branch(branch, winner !== undefined && at !== winner),
    )
    const index = winner ?? (await Promise.race(running.map((one, at) => one.then(() => at))))
    return { index, value: (await running[index]) as T }
  }

  async all<T>(key: string, branches: readonly Branch<T>[]): Promise<T[]> {
    const found = this.#state.journal.get(key)
    if (found !== undefined) this.#state.look(key, 'all')
    return Promise.all(branches.map((branch) => this.#branch(branch, false)))
  }

  at(): void {}

  async end(): Promise<void> {}

  order(key: string): number | undefined {
    return this.#state.journal.get(key)?.seq
  }

  #branch<T>(branch: Branch<T>, isStopped: boolean): Promise<T> {
    const scope = new Scope(this.#scope)
    if (isStopped) scope.stop('branch-stopped')
    const running = branch(new ReplayContext(this.#state, scope))
    running.catch(() => {})
    return running
  }

  async #given(key: string, action: string, input?: Json): Promise<Json> {
    if (this.#scope.reason !== undefined && this.#state.journal.get(key) === undefined) {
      throw new Interrupted(this.#scope.reason)
    }
    return this.#state.look(key, action, input) ?? never
  }
}
