/** Has definitions and events taken from outside while the node runs; what definitions want is listened to from then on. */

import type { Clock } from '../base/clock.ts'
import type { SqlStore } from '../store/sql.ts'
import type { Listener } from '../stream/stream.ts'
import type { Subscription } from '../stream/subscription.ts'
import { createDefinitionDesk, type DefinitionDesk } from '../workflow/definition-desk.ts'
import type { RunnableWorkflow } from '../workflow/durable-context.ts'
import { createEventIntake, type EventIntake } from '../workflow/event-intake.ts'
import type { StepFunction, WorkflowEngine } from '../workflow/workflow.ts'
import type { SourceChain } from './chain-server.ts'
import { createRenewableListener, type RenewableListener } from './renewable-listener.ts'
import { subscriptionsOf } from './workflow-wiring.ts'

/** What a chain is listened to for, by the triggers of workflows. @throws AppError `node/unknown-contract` */
function subscriptionsFor(
  { contracts, name }: SourceChain,
  workflows: readonly RunnableWorkflow[],
): readonly Subscription[] {
  return contracts ? subscriptionsOf(workflows, name, { ...contracts }) : []
}

/** A listener to what the deployed workflows want; `open` makes one for given subscriptions. */
export function listenerFor(
  chain: SourceChain,
  engine: WorkflowEngine,
  open: (subscriptions: readonly Subscription[]) => Listener,
): RenewableListener {
  return createRenewableListener(open, subscriptionsFor(chain, engine.workflows()))
}

/** What takes definitions and events from outside. */
interface Taking {
  readonly definitions: DefinitionDesk
  readonly intake: EventIntake
}

/** The desks of a node; what a definition wants is listened to before its deployment is answered. */
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
  readonly listener: RenewableListener
}): Taking {
  const definitions = createDefinitionDesk({
    ...{ engine, functions },
    accept: (workflow) => void subscriptionsFor(chain, [workflow]),
    deployed: () => listener.renew(subscriptionsFor(chain, engine.workflows())),
  })
  return { definitions, intake: createEventIntake({ ...world, engine }) }
}
