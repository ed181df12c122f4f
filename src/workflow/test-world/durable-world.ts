/** Gives tests a durable engine over a store of their choice, with workflows written by hand. */

import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Json } from '../../base/json-rpc.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import type { SqlStore } from '../../store/sql.ts'
import type {
  ActionContext,
  ActionOutcome,
  CloudEvent,
  DurableContext,
  RunnableWorkflow,
  Trigger,
} from '../durable-context.ts'
import { createDurableEngine } from '../engine/durable-engine.ts'
import type { EngineDependencies } from '../engine/engine-dependencies.ts'
import { createEventExpressions } from '../event-expressions.ts'
import type { InstanceDetail, WorkflowEngine } from '../workflow.ts'
import { ManualTime } from './manual-time.ts'

/** A workflow by hand. */
export function written(
  name: string,
  run: (context: DurableContext, input: Json) => Promise<Json>,
  { trigger = {}, version = '1.0.0' }: { trigger?: Trigger; version?: string } = {},
): RunnableWorkflow {
  const document = {
    name,
    version,
    hash: createHash('sha256').update(`${name} ${version}`).digest('hex'),
  }
  return {
    ...{ namespace: 'test', name, version, title: name, hash: document.hash, document, source: '' },
    ...{ trigger, run },
  }
}

/** Calls of the world that a test's workflows make. */
class Effects {
  /** Step and idempotency key of each call, in order. */
  readonly calls: { readonly step: string; readonly key: string; readonly attempt: number }[] = []
  /** What a step gives instead of its name. */
  readonly answers = new Map<
    string,
    (context: ActionContext) => Promise<ActionOutcome> | ActionOutcome
  >()

  /** The action of a step. */
  act(
    context: DurableContext,
    step: string,
    retry = { attempts: 3, delayMs: 100, backoff: 2 },
  ): Promise<Json> {
    return context.run(step, {
      ...{ kind: 'act', input: { step }, retry },
      run: async (about) => {
        this.calls.push({ step, key: about.idempotencyKey, attempt: about.attempt })
        return (await this.answers.get(step)?.(about)) ?? { kind: 'done', output: `${step} done` }
      },
    })
  }

  steps(): readonly string[] {
    return this.calls.map(({ step }) => step)
  }
}

/** Gives an engine over a store, with its world. */
export type WorldOn = (sql: SqlStore, more?: Partial<EngineDependencies>) => DurableWorld

/** An engine with its world; `restart` is what a crash leaves: the same database, another engine. */
export class DurableWorld {
  readonly time = new ManualTime()
  readonly effects = new Effects()
  readonly workflows = new Map<string, RunnableWorkflow>()
  readonly sql: SqlStore
  engine: WorkflowEngine
  readonly #more: Partial<EngineDependencies>

  constructor(sql: SqlStore, more: Partial<EngineDependencies> = {}) {
    this.sql = sql
    this.#more = more
    this.engine = this.#create()
  }

  /** Another engine over the same database. */
  another(sql = this.sql): WorkflowEngine {
    return this.#create(sql)
  }

  async deploy(...workflows: readonly RunnableWorkflow[]): Promise<void> {
    for (const one of workflows) {
      this.workflows.set(one.hash, one)
      await this.engine.deploy(one)
    }
  }

  async restart(): Promise<void> {
    await this.engine.stop()
    this.engine = this.#create()
    for (const one of this.workflows.values()) await this.engine.deploy(one)
    await this.engine.start()
  }

  /** Gives an event in a transaction of its own. */
  async give(
    event: CloudEvent,
    life?: 'pending' | 'confirmed' | 'safe' | 'finalized',
  ): Promise<readonly string[]> {
    const ids = await this.sql.transaction((session) => this.engine.deliver(session, event, life))
    this.engine.wake()
    return ids
  }

  /** The instance once it is as wanted. */
  async until(id: string, wanted: (one: InstanceDetail) => boolean): Promise<InstanceDetail> {
    for (let turn = 0; turn < 20_000; turn += 1) {
      const one = await this.engine.get(id)
      if (one && wanted(one)) return one
      await nextTurn()
    }
    throw new Error(`never as wanted: ${JSON.stringify(await this.engine.get(id))}`)
  }

  #create(sql = this.sql): WorkflowEngine {
    return createDurableEngine({
      ...{
        sql,
        clock: this.time,
        timer: this.time,
        logger: silentLogger,
        metrics: noMetrics,
      },
      random: () => 1,
      compile: (document) => {
        const found = this.workflows.get((document as { hash: string }).hash)
        if (found === undefined) throw new Error('unknown')
        return found
      },
      evaluate: createEventExpressions(),
      ...this.#more,
    })
  }
}

/** An event of a chain. */
export function chainEvent(id: string, data: Json = {}): CloudEvent {
  return {
    ...{ specversion: '1.0', id, source: '/chains/dev/0x1', type: 'evm.log' },
    ...{ event: 'Deposited(address,uint256)', contract: 'vault', data },
  }
}
