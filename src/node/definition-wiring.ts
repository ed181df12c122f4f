/** Has definitions and events taken from outside while the node runs; what definitions want is listened to from then on. */

import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { SqlStore } from '../store/sql.ts'
import { createEventDecoder } from '../stream/event-decoder.ts'
import type { StandbyListener } from '../stream/standby-listener.ts'
import type { Subscription } from '../stream/subscription.ts'
import type { ContractBook } from '../workflow/contract-book.ts'
import { createDefinitionDesk, type DefinitionDesk } from '../workflow/definition-desk.ts'
import type { RunnableWorkflow } from '../workflow/durable-context.ts'
import { createEventIntake, type EventIntake } from '../workflow/event-intake.ts'
import type { DeployingLanguage } from '../workflow/whole-definition.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'
import type { SourceChain } from './chain-server.ts'
import { namesBeside, openTo, subscriptionsOf } from './workflow-wiring.ts'

/**
 * What a chain is listened to for, by the triggers and the `listen` tasks of workflows.
 *
 * @param added - contracts by name, beside those that the chain was started with
 * @throws AppError `node/unknown-contract`
 */
function subscriptionsFor(
  { contracts, name }: SourceChain,
  workflows: Parameters<typeof subscriptionsOf>[0],
  added: Awaited<ReturnType<ContractBook['addresses']>>,
): readonly Subscription[] {
  const known = { ...added, ...contracts }
  // Where there are none of ours, what names one that nobody added is for another chain.
  const ours = contracts ? workflows : workflows.filter((one) => !namesBeside(known, [one]).length)
  return subscriptionsOf(ours, name, known)
}

/** What listens for workflows. */
interface ListeningParts {
  readonly engine: WorkflowEngine
  readonly listener: StandbyListener
  readonly logger: Logger
  readonly book: ContractBook
  /** What is listened to besides. */
  readonly always: readonly Subscription[]
  /** Those of the folder, each of which must be of use. */
  readonly needed: readonly RunnableWorkflow[]
}

/** Follows what is deployed. */
interface Listening {
  /** Once what is deployed by now is listened to. */
  settled(): Promise<void>
}

/**
 * Has a chain listened to for the workflows that are deployed, and for those that open instances go on by, now and whenever
 * others are deployed, here or by another process; a workflow that cannot be listened for is left out, and told of.
 *
 * @throws AppError `node/unknown-contract` for those that are needed
 */
export async function listenForWorkflows(
  { engine, listener, logger, book, always, needed }: ListeningParts,
  chain: SourceChain,
): Promise<Listening> {
  subscriptionsFor(chain, needed, await book.addresses())
  const listen = async () => {
    const added = await book.addresses()
    const wanted = openTo(engine)
      .flatMap(halvesOf)
      .flatMap((workflow) => {
        try {
          const found = subscriptionsFor(chain, [workflow], added)
          if (found.length > 0) createEventDecoder(found)
          return found
        } catch (error) {
          logger.error('a workflow is not listened for', { error: String(error) })
          return []
        }
      })
    listener.listenTo(distinct([...wanted, ...always]))
  }
  let listening = listen()
  engine.watchWorkflows(() => {
    listening = listening.catch(() => {}).then(listen)
    listening.catch((error) => {
      logger.error('what is listened to stays as it is', { error: String(error) })
    })
  })
  await listening
  return {
    async settled() {
      await listening
      await listener.settled()
    },
  }
}

/** What starts a workflow is listened to also where what it listens to later cannot be, and the other way round. */
function halvesOf(workflow: ReturnType<typeof openTo>[number]) {
  return [
    { ...workflow, listens: [] },
    { ...workflow, trigger: {} },
  ]
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
  language,
  chain,
  book,
  listening,
  ...world
}: {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly engine: WorkflowEngine
  readonly language: DeployingLanguage
  readonly chain: SourceChain
  readonly book: ContractBook
  readonly listening: Listening
}): Taking {
  const definitions = createDefinitionDesk({
    ...{ engine, language },
    accept: async (workflow) => {
      const found = subscriptionsFor(chain, [workflow], await book.addresses())
      if (found.length > 0) createEventDecoder(found)
    },
    deployed: () => listening.settled(),
  })
  return { definitions, intake: createEventIntake({ ...world, engine }) }
}
