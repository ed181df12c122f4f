/** Opens an engine whose instances are run by a Restate cluster; its database holds what starts them and what became of them. */

import { type RestateOptions, RestateRuns } from './engine/restate/restate-runs.ts'
import { createWorkflowEngine, type WorkflowEngineDependencies } from './engine.ts'
import type { WorkflowEngine } from './workflow.ts'

export type { RestateOptions }

/** An engine over a database with `workflowMigrations` and a cluster. */
export function createRestateEngine(
  options: RestateOptions,
  dependencies: WorkflowEngineDependencies,
): WorkflowEngine {
  const runs: WorkflowEngineDependencies['runs'] = (parts) => new RestateRuns(options, parts)
  return createWorkflowEngine({ ...dependencies, runs })
}
