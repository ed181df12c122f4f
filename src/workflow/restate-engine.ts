/** Opens an engine whose instances are run by a Restate cluster; its database holds what starts them and what became of them. */

import { AppError } from '../base/app-error.ts'
import { type RestateOptions, RestateRuns } from './engine/restate/restate-runs.ts'
import { createWorkflowEngine, type WorkflowEngineDependencies } from './engine.ts'
import type { WorkflowEngine } from './workflow.ts'

export type { RestateOptions }

/** What an engine on Restate cannot do to an instance that has begun. */
const lacking = ['pause', 'resume', 'retry', 'migrate'] as const

/**
 * An engine over a database with `workflowMigrations` and a cluster. Controls that Restate has no counterpart for are
 * refused with `workflow/not-on-restate`.
 */
export function createRestateEngine(
  options: RestateOptions,
  dependencies: WorkflowEngineDependencies,
): WorkflowEngine {
  const runs: WorkflowEngineDependencies['runs'] = (parts) => new RestateRuns(options, parts)
  return withoutLacking(createWorkflowEngine({ ...dependencies, runs }))
}

/** The same engine, which refuses what a cluster cannot do. */
export function withoutLacking(engine: WorkflowEngine): WorkflowEngine {
  return new Proxy(engine, {
    get: (target, name) => {
      if (lacking.some((one) => one === name)) return () => Promise.reject(refusal(String(name)))
      const own: unknown = Reflect.get(target, name, target)
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}

function refusal(what: string): AppError {
  const message = `instances on Restate cannot be asked to ${what}; see docs/restate.md for what can be done instead`
  return new AppError({ code: 'workflow/not-on-restate', message })
}
