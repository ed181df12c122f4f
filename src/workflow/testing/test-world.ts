/** The world of one case: the engine and the listener of a node over a database in memory, a simulated chain, stubs, and time by command. */

import { setImmediate as turn } from 'node:timers/promises'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Timer } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import type { SqlStore } from '../../store/sql.ts'
import { openSqlite } from '../../store/sqlite.ts'
import { createEventDecoder } from '../../stream/event-decoder.ts'
import { createEventStore, streamMigrations } from '../../stream/event-store.ts'
import { createEvmSource } from '../../stream/evm-source.ts'
import { createListener } from '../../stream/listener.ts'
import type { Listener } from '../../stream/stream.ts'
import { createContractBook } from '../contract-book.ts'
import type { RunnableWorkflow } from '../durable-context.ts'
import { createWorkflowEngine, workflowMigrations } from '../engine.ts'
import { createEventIntake } from '../event-intake.ts'
import { fieldsOf } from '../evm/contract-call.ts'
import { evmFunctions } from '../evm-functions.ts'
import { readDefinition, type WorkflowLanguage } from '../read-definition.ts'
import type { TestParts } from '../test-parts.ts'
import type { StepFunction, WorkflowEngine } from '../workflow.ts'
import { SimulatedChain } from './simulated-chain.ts'
import { StubTable } from './stub-table.ts'
import type { CloudEventOf, TestCase, TestFile } from './test-shapes.ts'
import { VirtualTime } from './virtual-time.ts'

/** Calls that reach outside: each needs a stub. */
const outside = [
  ...['http', 'openapi', 'grpc', 'asyncapi', 'a2a', 'mcp', 'function.invoke'],
  ...['run.script', 'run.shell', 'run.container'],
]
/** Chain steps that send. */
const sending = ['evm.send', 'evm.deploy', 'oracle.answer']
/** Turns without anything happening, after which nothing more will by itself. */
const quietTurns = 12
/** Turns that one thing may take to settle. */
const maxTurns = 200_000
/** Sleeps of the engine that are no wait of a workflow. */
const idleMs = 3_600_000

/** What a case is run in. */
export class TestWorld {
  readonly time: VirtualTime
  readonly chain: SimulatedChain
  readonly stubs: StubTable
  readonly sql: SqlStore
  readonly addresses: Readonly<Record<string, Hex>>
  readonly #parts: TestParts
  readonly #file: TestFile
  readonly #language: WorkflowLanguage
  readonly #activity: { count: number }
  readonly #texts: readonly string[]
  #listener: Listener | undefined
  #posted = 0
  engine: WorkflowEngine
  /** The one that is tested. */
  workflow!: RunnableWorkflow

  /** A world in which the definitions are deployed; the first is the one that is tested. */
  static async open(
    texts: readonly string[],
    parts: TestParts,
    of: { readonly file: TestFile; readonly testCase: TestCase },
  ): Promise<TestWorld> {
    const activity = { count: 0 }
    const sql = counting(await openSqlite({ path: ':memory:' }), activity)
    await sql.migrate([...streamMigrations, ...workflowMigrations, ...parts.migrations])
    const world = new TestWorld(texts, parts, { ...of, sql, activity })
    await world.#begin()
    return world
  }

  private constructor(
    texts: readonly string[],
    parts: TestParts,
    given: {
      readonly file: TestFile
      readonly testCase: TestCase
      readonly sql: SqlStore
      readonly activity: { count: number }
    },
  ) {
    const { file, testCase, sql, activity } = given
    this.#texts = texts
    this.#parts = parts
    this.#file = file
    this.#activity = activity
    this.sql = sql
    this.time = new VirtualTime(Date.parse(file.startsAt))
    this.chain = new SimulatedChain(this.time.nowMs())
    this.addresses = { ...addressesOf(parts), ...file.contracts }
    const abis = new Map(parts.contracts.map(({ name, abi }) => [name, abi]))
    const book = createContractBook({
      ...{ sql, nowMs: () => this.time.nowMs(), abis: [...abis.values()] },
      fixed: Object.entries(this.addresses).map(([name, address]) => ({
        ...{ name, address, abi: abis.get(name) ?? [] },
      })),
    })
    const { 'evm.call': _, ...evm } = evmFunctions({
      ...{ client: this.chain, sender: this.chain.sender(), book, clock: this.time },
    })
    const stubs = { ...file.stubs, ...testCase.stubs }
    const sends = Object.fromEntries(
      sending.map((name) => [name, byAnyone(evm[name] as StepFunction)]),
    )
    const defaults = {
      ...evm,
      ...sends,
      ...parts.functions({ sql, clock: this.time, timer: this.time }),
    }
    this.stubs = new StubTable(stubs, { timer: this.time, defaults })
    this.#language = {
      functions: this.stubs.functions([...outside, 'evm.call']),
      secrets: async (name) => new Map(Object.entries(file.secrets)).get(name),
    }
    this.engine = this.#createEngine()
  }

  /** A crash: another engine on what the last one had written. */
  async restart(): Promise<void> {
    await this.engine.stop()
    this.engine = this.#createEngine()
    await this.#deploy()
    await this.engine.start()
  }

  /** Gives an event that is of no chain. */
  async post({ id, data, subject, ...rest }: CloudEventOf): Promise<void> {
    this.#posted += 1
    const event = { ...rest, specversion: '1.0', id: id ?? `event-${this.#posted}` }
    const more = {
      ...(data === undefined ? {} : { data }),
      ...(subject === undefined ? {} : { subject }),
    }
    const intake = createEventIntake({ sql: this.sql, engine: this.engine, clock: this.time })
    await intake.take([{ ...event, ...more }])
  }

  /** Resolves when nothing more happens unless time moves. @throws AppError `workflow/test-restless` */
  async settled(): Promise<void> {
    let [quiet, before] = [0, -1]
    for (let turns = 0; quiet < quietTurns; turns += 1) {
      await turn()
      const now = this.#activity.count + this.chain.asked + this.stubs.calls.length
      quiet = now === before ? quiet + 1 : 0
      before = now
      if (turns < maxTurns) continue
      const message = 'the workflow does not come to rest, though no time passes'
      throw new AppError({ code: 'workflow/test-restless', message })
    }
  }

  /** When something is next due by itself. */
  async nextMs(): Promise<number | undefined> {
    const row = await this.sql.get(
      `SELECT min(at) AS at FROM (SELECT wake_at_ms AS at FROM instances UNION ALL SELECT next_at_ms FROM schedules) AS due
        WHERE at > ?`,
      this.time.nowMs(),
    )
    const due = row?.at === null || row?.at === undefined ? Infinity : Number(row.at)
    const next = Math.min(due, this.time.nextMs(idleMs) ?? Infinity)
    return Number.isFinite(next) ? next : undefined
  }

  async close(): Promise<void> {
    await this.#listener?.stop()
    await this.engine.stop()
    await this.sql.close()
  }

  async #begin(): Promise<void> {
    await this.#deploy()
    await this.engine.start()
    this.#listener = this.#createListener()
    await this.#listener?.start()
    await this.settled()
  }

  async #deploy(): Promise<void> {
    const all = this.#texts.map((text) =>
      readDefinition(text, { ...this.#language, deploying: true }),
    )
    for (const one of all) await this.engine.deploy(one)
    const [first] = all
    if (first) this.workflow = first
  }

  #createEngine(): WorkflowEngine {
    return createWorkflowEngine({
      ...{ sql: this.sql, clock: this.time, timer: this.time, ...this.#language },
      ...{ logger: silentLogger, metrics: noMetrics, random: () => 0.5 },
    })
  }

  #createListener(): Listener | undefined {
    const { chain } = this.#file
    const subscriptions = this.#parts.subscriptions(this.engine.workflows(), chain, this.addresses)
    if (subscriptions.length === 0) return undefined
    const [logger, metrics] = [silentLogger, noMetrics]
    const decoder = createEventDecoder(subscriptions)
    const client = this.chain
    const source = createEvmSource({ chain, checks: 'none' }, { client, decoder, logger, metrics })
    const events = createEventStore(this.sql)
    events.subscribe(() => this.engine.wake())
    // The engine is another one after a restart.
    const engine: Pick<WorkflowEngine, 'deliver' | 'advance' | 'retract'> = {
      deliver: (...given) => this.engine.deliver(...given),
      advance: (...given) => this.engine.advance(...given),
      retract: (...given) => this.engine.retract(...given),
    }
    const handler = this.#parts.handler(engine, this.addresses)
    const { chainId } = this.chain
    return createListener(
      { chain, chainId, startBlock: 0, confirmations: 1, pollMs: idleMs },
      { source, sql: this.sql, events, handler, clock: this.time, timer: atOnce, logger, metrics },
    )
  }
}

/** Looks that are wanted now are had now; new heads are told of, so that nobody has to poll. */
const atOnce: Timer = {
  after(delayMs, run) {
    if (delayMs >= idleMs) return () => {}
    const handle = setImmediate(run)
    return () => clearImmediate(handle)
  },
}

function addressesOf({ contracts }: TestParts): Readonly<Record<string, Hex>> {
  return Object.fromEntries(
    contracts.map(({ name }, at) => [name, `0x${(0xc0 + at).toString(16).padStart(40, '0')}`]),
  )
}

/** A store that counts what is asked of it. */
function counting(sql: SqlStore, activity: { count: number }): SqlStore {
  return new Proxy(sql, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown
      if (typeof member !== 'function') return member
      return (...given: unknown[]) => {
        activity.count += 1
        const result = member.apply(target, given) as unknown
        if (result instanceof Promise) {
          const end = () => {
            activity.count += 1
          }
          result.then(end, end)
        }
        return result
      }
    },
  })
}

/** JSON of anything. */
export function plain(value: unknown): Json {
  return (JSON.parse(JSON.stringify(value ?? null)) ?? null) as Json
}

/** A step that sends whoever it names as `from`: there are no keys here. */
function byAnyone(step: StepFunction): StepFunction {
  return async (input, context) => {
    const { from: _, ...rest } = fieldsOf(input)
    return step(rest as Json, context)
  }
}
