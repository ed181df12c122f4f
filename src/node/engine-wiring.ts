/** Opens the engine of workflows that the settings ask for. */

import { AppError } from '../base/app-error.ts'
import { createWorkflowEngine, type WorkflowEngineDependencies } from '../workflow/engine.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'
import type { Composition } from './composition.ts'

/** An engine over the database, or over a Restate cluster. @throws AppError `node/incomplete-restate` */
export async function openEngine(
  { values }: Composition,
  dependencies: WorkflowEngineDependencies,
): Promise<WorkflowEngine> {
  if (values.durable === 'sql') return createWorkflowEngine(dependencies)
  const { restateIngress: ingress, restateAdmin: admin, restateEndpoint: endpoint } = values
  if (ingress === undefined || admin === undefined) {
    const message = `durable "restate" needs ${ingress === undefined ? 'RESTATE_INGRESS' : 'RESTATE_ADMIN'}`
    throw new AppError({ code: 'node/incomplete-restate', message })
  }
  // Its library is loaded only where it is needed: every start would wait for it.
  const { createRestateEngine } = await import('../workflow/restate-engine.ts')
  const host = values.restateHost ?? '127.0.0.1'
  const service = values.restateService ?? 'quantumstream'
  return createRestateEngine(
    {
      ...{ ingress: bare(ingress), admin: bare(admin), host, port: values.restatePort, service },
      ...(endpoint === undefined ? {} : { endpoint }),
    },
    dependencies,
  )
}

/** Without a slash at its end. */
function bare(url: string): string {
  return url.replace(/\/+$/, '')
}
