/** Describes what tests of workflows need of the program around them. */

import type { Abi } from 'viem'
import type { Hex } from '../base/bytes.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Migration, SqlStore } from '../store/sql.ts'
import type { EventHandler } from '../stream/stream.ts'
import type { Subscription } from '../stream/subscription.ts'
import type { RunnableWorkflow } from './durable-context.ts'
import type { StepFunction, WorkflowEngine } from './workflow.ts'

/** What a node gives to its workflows, and to tests of them. */
export interface TestParts {
  /** Functions that do nothing outside but write into the database. */
  functions(world: {
    readonly sql: SqlStore
    readonly clock: Clock
    readonly timer: Timer
  }): Readonly<Record<string, StepFunction>>
  /** Tables of these functions. */
  readonly migrations: readonly Migration[]
  /** Contracts that definitions may name. */
  readonly contracts: readonly { readonly name: string; readonly abi: Abi }[]
  /** What the triggers of workflows want to hear of a chain. */
  subscriptions(
    workflows: readonly RunnableWorkflow[],
    chain: string,
    addresses: Readonly<Record<string, Hex>>,
  ): readonly Subscription[]
  /** Gives events of the chain to the engine. */
  handler(
    engine: Pick<WorkflowEngine, 'deliver' | 'advance' | 'retract'>,
    addresses: Readonly<Record<string, Hex>>,
  ): EventHandler
}
