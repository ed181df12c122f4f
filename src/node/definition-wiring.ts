/** Has definitions and events taken from outside while the node runs; what definitions want is listened to from then on. */

import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { SqlStore } from '../store/sql.ts'
import { createEventDecoder } from '../stream/event-decoder.ts'
import type { StandbyListener } from '../stream/standby-listener.ts'
import type { Subscription } from '../stream/subscription.ts'
import { createDefinitionDesk, type DefinitionDesk } from '../workflow/definition-desk.ts'
import type { RunnableWorkflow } from '../workflow/durable-context.ts'
import { createEventIntake, type EventIntake } from '../workflow/event-intake.ts'
import type { StepFunction, WorkflowEngine } from '../workflow/workflow.ts'
import type { SourceChain } from './chain-server.ts'
import { subscriptionsOf } from './workflow-wiring.ts'

/** What a chain is listened to for, by the triggers of workflows. @throws AppError `node/unknown-contract` */
function subscriptionsFor(
  { contracts, name }: SourceChain,
  workflows: readonly RunnableWorkflow[],
): readonly Subscription[] {
  return subscriptionsOf(workflows, name, contracts && { ...contracts })
}

/** What listens for workflows. */
interface ListeningParts {
  readonly engine: WorkflowEngine
  readonly listener: StandbyListener
  readonly logger: Logger
  /** What is listened to besides. */
  readonly always: readonly Subscription[]
}

/**
 * Has a chain listened to for the triggers of the workflows that are deployed, now and whenever others are, here or by
 * another process; a workflow whose trigger is of no use then is left out, and told of.
 *
 * @throws AppError `node/unknown-contract` for those that are deployed now
 */
export function listenForWorkflows(
  { engine, listener, logger, always }: ListeningParts,
  chain: SourceChain,
): void {
  listener.listenTo(distinct([...subscriptionsFor(chain, engine.workflows()), ...always]))
  engine.watchWorkflows(() => {
    const wanted = engine.workflows().flatMap((workflow) => {
      try {
        const found = subscriptionsFor(chain, [workflow])
        if (found.length > 0) createEventDecoder(found)
        return found
      } catch (error) {
        logger.error('a workflow is not listened for', { error: String(error) })
        return []
      }
    })
    listener.listenTo(distinct([...wanted, ...always]))
  })
}

function distinct(subscriptions: readonly Subscription[]): readonly Subscription[] {
  return [...new Map(subscriptions.map((one) => [JSON.stringify(one), one])).values()]
}

/** What takes definitions and events from outside. */
interface Taking {
  readonly definitions: DefinitionDesk
  readonly intake: EventIntake
}

/** The desks of a node; what a definition wants is listened to before its deployment is answered, if this node listens. */
export function takingFor({
  engine,
  functions,
  chain,
  listener,
  ...world
}: {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly engine: WorkflowEngine
  readonly functions: Readonly<Record<string, StepFunction>>
  readonly chain: SourceChain
  readonly listener: StandbyListener
}): Taking {
  const definitions = createDefinitionDesk({
    ...{ engine, functions },
    accept: (workflow) => {
      const found = subscriptionsFor(chain, [workflow])
      if (found.length > 0) createEventDecoder(found)
    },
    deployed: () => listener.settled(),
  })
  return { definitions, intake: createEventIntake({ ...world, engine }) }
}
