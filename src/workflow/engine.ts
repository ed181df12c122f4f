/** Opens the durable engine over a database, with the filters of chain events as their definitions mean them. */

import type { Json } from '../base/json-rpc.ts'
import { exactArgs } from '../stream/cloud-event.ts'
import { compileExpression } from '../stream/jq.ts'
import { contractMigrations } from './contract-book.ts'
import type { CloudEvent } from './durable-context.ts'
import { createDurableEngine, type EngineDependencies } from './engine/durable-engine.ts'
import { engineMigrations } from './engine/schema.ts'
import { readWorkflow } from './read-workflow.ts'
import { senderMigrations } from './transaction-sender.ts'
import type { StepFunction, WorkflowEngine } from './workflow.ts'

/** Tables of this room. */
export const workflowMigrations = [...engineMigrations, ...senderMigrations, ...contractMigrations]

/** Filters that are kept compiled. */
const maxFilters = 1_000

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
    compile: (document) => readWorkflow(document, { functions }),
    evaluate: eventFilters(),
  })
}

/** Evaluates expressions on events, in which the integers of chains are exact. */
function eventFilters(): (expression: string, event: CloudEvent) => Json {
  const compiled = new Map<string, ReturnType<typeof compileExpression>>()
  return (text, event) => {
    const bare = /^\s*\$\{([\s\S]*)\}\s*$/.exec(text)?.[1] ?? text
    const known = compiled.get(bare) ?? compileExpression(bare)
    if (compiled.size >= maxFilters) compiled.clear()
    compiled.set(bare, known)
    return known(exact(event) as Json)
  }
}

function exact(event: CloudEvent): unknown {
  const { args } = (event.data ?? {}) as { readonly args?: { readonly [name: string]: Json } }
  if (event.type !== 'evm.log' || typeof event.event !== 'string' || args === undefined)
    return event
  try {
    return { ...event, data: { ...(event.data as object), args: exactArgs(event.event, args) } }
  } catch {
    // Arguments that are not the signature's stay as they came.
    return event
  }
}
