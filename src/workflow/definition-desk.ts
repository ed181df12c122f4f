/** Takes definitions from outside while a node runs: reads them as the node would run them, and deploys them. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type { RunnableWorkflow } from './durable-context.ts'
import { type DeployingLanguage, readWhole } from './whole-definition.ts'
import type { WorkflowEngine } from './workflow.ts'

/** Workflows that may be deployed at the same time, by name. */
const maxDeployed = 1_000

/** What came of a deployment. */
interface Deployment {
  readonly workflow: RunnableWorkflow
  /** Whether another definition, or none, was there under this name. */
  readonly isNew: boolean
  /** Hash of the one that new runs started by until now, where that was another. */
  readonly replaced: string | undefined
}

/** Reads and deploys definitions. */
export interface DefinitionDesk {
  /** @param source - YAML or JSON text, or JSON. @throws AppError `workflow/bad-definition` with line and column */
  read(source: string | Json): Promise<RunnableWorkflow>
  /**
   * Makes a definition the one that new runs begin with, now and after a restart.
   *
   * @throws AppError `workflow/bad-definition`, `workflow/too-many`, and what the node refuses it for
   */
  deploy(source: string | Json): Promise<Deployment>
}

/** What the desk works with. */
interface DefinitionDeskParts {
  readonly engine: WorkflowEngine
  readonly language: DeployingLanguage
  /** Looks at a definition before it is deployed. @throws AppError for what this node cannot listen to */
  accept(workflow: RunnableWorkflow): Promise<void>
  /** Has its events listened to, once it is deployed. */
  deployed(): Promise<void>
}

/** A desk over an engine that runs. */
export function createDefinitionDesk(parts: DefinitionDeskParts): DefinitionDesk {
  const { engine, language, accept, deployed } = parts
  const read = (source: string | Json) => readWhole(source, language)
  let before: Promise<unknown> = Promise.resolve()
  const deploy = async (source: string | Json): Promise<Deployment> => {
    const workflow = await read(source)
    const { namespace, name, hash } = workflow
    const known = engine.workflows().find((one) => one.namespace === namespace && one.name === name)
    if (known === undefined && engine.workflows().length >= maxDeployed) {
      const message = `${maxDeployed} workflows are deployed, which is the limit; give "${name}" the name of one that it can replace`
      throw new AppError({ code: 'workflow/too-many', message })
    }
    await accept(workflow)
    await engine.deploy(workflow, { isKept: true })
    await deployed()
    const isNew = known?.hash !== hash
    return { workflow, isNew, replaced: isNew ? known?.hash : undefined }
  }
  return {
    read,
    // One after the other, so that each knows what it replaces.
    deploy(source) {
      const deploying = before.then(() => deploy(source))
      before = deploying.catch(() => {})
      return deploying
    },
  }
}
