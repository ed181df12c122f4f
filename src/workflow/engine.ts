/** Opens the durable engine over a database, with the filters of chain events as their definitions mean them. */

import { contractMigrations } from './contract-book.ts'
import { createDurableEngine } from './engine/durable-engine.ts'
import type { EngineDependencies } from './engine/engine-dependencies.ts'
import { engineMigrations } from './engine/schema.ts'
import { createEventExpressions } from './event-expressions.ts'
import { intakeMigrations } from './event-intake.ts'
import { readDefinition, type SecretSource } from './read-definition.ts'
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
  /** Those that `use.secrets` names; none unless given. */
  readonly secrets?: SecretSource
}

/** An engine over a database with `workflowMigrations`. */
export function createWorkflowEngine({
  functions,
  secrets,
  ...dependencies
}: WorkflowEngineDependencies): WorkflowEngine {
  const language = { functions, ...(secrets === undefined ? {} : { secrets }) }
  return createDurableEngine({
    ...dependencies,
    compile: (document) => readDefinition(document, language),
    evaluate: createEventExpressions(),
  })
}
