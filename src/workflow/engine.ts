/** Opens the durable engine over a database, with the filters of chain events as their definitions mean them. */

import { contractMigrations } from './contract-book.ts'
import { createDurableEngine } from './engine/durable-engine.ts'
import type { EngineDependencies } from './engine/engine-dependencies.ts'
import { engineMigrations } from './engine/schema.ts'
import { createEventExpressions } from './event-expressions.ts'
import { intakeMigrations } from './event-intake.ts'
import { readDefinition } from './read-definition.ts'
import { senderMigrations } from './transaction-sender.ts'
import type { StepFunction, WorkflowEngine } from './workflow.ts'

/** Tables of this room. */
export const workflowMigrations = [
  ...engineMigrations,
  ...senderMigrations,
  ...contractMigrations,
  ...intakeMigrations,
]

/** What the engine works with. */
export interface WorkflowEngineDependencies
  extends Omit<EngineDependencies, 'compile' | 'evaluate'> {
  /** By the name that `call` uses. */
  readonly functions: Readonly<Record<string, StepFunction>>
}

/** An engine over a database with `workflowMigrations`. */
export function createWorkflowEngine({
  functions,
  ...dependencies
}: WorkflowEngineDependencies): WorkflowEngine {
  return createDurableEngine({
    ...dependencies,
    compile: (document) => readDefinition(document, { functions }),
    evaluate: createEventExpressions(),
  })
}
