/** Puts workflows on the chain: what is listened to, and what an event does. */

import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import { cloudEventOf } from '../stream/cloud-event.ts'
import type { WritableEventStore } from '../stream/event-store.ts'
import type { EventHandler, StreamEvent } from '../stream/stream.ts'
import type { Subscription } from '../stream/subscription.ts'
import type { ContractBook } from '../workflow/contract-book.ts'
import type { AwaitedLife, EventWish, RunnableWorkflow } from '../workflow/durable-context.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'

/** Addresses by the names that definitions use. */
type ContractNames = Readonly<Record<string, Hex | undefined>>

/**
 * What the triggers and the `listen` tasks of workflows need of a chain. An event without a contract, or with one that an
 * expression gives, is listened to from any contract; the filter is what leaves the others out.
 *
 * @throws AppError `node/unknown-contract` for a name that the chain does not have
 */
export function subscriptionsOf(
  workflows: readonly ListeningWorkflow[],
  chain: string,
  contracts: ContractNames,
): readonly Subscription[] {
  const wanted = new Map<string, Subscription>()
  for (const workflow of workflows) {
    const addressOf = (contract: string): Hex => {
      const address = contract.startsWith('0x') ? (contract as Hex) : contracts[contract]
      if (address !== undefined) return address
      const message = `workflow "${workflow.name}" listens to the contract "${contract}", which chain "${chain}" does not have: add it by POST /v1/contracts first`
      throw new AppError({ code: 'node/unknown-contract', message })
    }
    for (const wish of wishesOf(workflow)) {
      const { type, event, chain: only = chain } = wish.attributes
      if (type !== 'evm.log' || event === undefined || only !== chain) continue
      const subscription = { event, ...placeOf(wish, addressOf) }
      wanted.set(JSON.stringify(subscription), subscription)
    }
  }
  return [...wanted.values()]
}

/** Contracts, factory and arguments of a wish, names by their addresses. */
function placeOf(wish: EventWish, addressOf: (contract: string) => Hex): Partial<Subscription> {
  const { factory, where } = wish.chain ?? {}
  const [first, ...more] = contractsOf(wish).map(addressOf)
  const { contracts, event = '', argument = '', label = '' } = factory ?? {}
  const made = contracts && { address: contracts.map(addressOf), event, argument, label }
  return {
    ...(first === undefined ? {} : { address: more.length === 0 ? first : [first, ...more] }),
    ...(made === undefined ? {} : { factory: made }),
    ...(where === undefined ? {} : { where }),
  }
}

/** The contracts of which an event has to be, as they are written; none where it may be of any, or of what a factory made. */
function contractsOf({ attributes: { contract }, chain }: EventWish): readonly string[] {
  return contract === undefined ? (chain?.contracts ?? []) : [contract]
}

/** What is looked at of a workflow to know what it listens to. */
type ListeningWorkflow = Pick<RunnableWorkflow, 'name' | 'trigger' | 'listens'>

function wishesOf({ trigger, listens = [] }: ListeningWorkflow): readonly EventWish[] {
  return [...(trigger.on?.wishes ?? []), ...listens]
}

/**
 * Gives events to the engine in the transaction that stores them; contracts are told by name, too.
 *
 * @param book - has the names that are not among `contracts`; without it there are none
 */
export function workflowHandler(
  engine: Pick<WorkflowEngine, 'deliver' | 'advance' | 'retract' | 'workflows' | 'pinned'>,
  contracts: ContractNames,
  book?: Pick<ContractBook, 'namesOf'>,
): EventHandler {
  const names = new Map(
    Object.entries(contracts).map(([name, address]) => [address?.toLowerCase(), name]),
  )
  return {
    async appeared(session, event) {
      const address = event.address.toLowerCase() as Hex
      const open = book === undefined ? [] : openTo(engine)
      const wanted = namesBeside(contracts, open)
      const isAsked = wanted.length > 0 || open.some(isOfAnyContract)
      const known = isAsked ? await book?.namesOf(session, address) : []
      const contractname =
        names.get(address) ?? known?.find((name) => wanted.includes(name)) ?? known?.[0]
      const told = {
        ...cloudEventOf(event),
        ...(contractname ? { contractname } : {}),
        ...(event.madeBy ? { madeby: event.madeBy.join('\n') } : {}),
      }
      await engine.deliver(session, told, lifeOf(event))
    },
    async advanced(session, events) {
      const [first] = events
      const ids = events.map(({ id }) => id)
      if (first) await engine.advance(session, ids, lifeOf(first))
    },
    retracted: (session, event) => engine.retract(session, event.id),
  }
}

/** Whether which contract is meant is known by an expression only, which may give a name. */
function isOfAnyContract(workflow: ListeningWorkflow): boolean {
  return wishesOf(workflow).some(
    (wish) =>
      wish.attributes.type === 'evm.log' &&
      wish.chain?.factory === undefined &&
      contractsOf(wish).length === 0,
  )
}

/** Contracts that workflows listen to by a name that is not among those. */
export function namesBeside(
  contracts: ContractNames,
  workflows: readonly ListeningWorkflow[],
): readonly string[] {
  return workflows.flatMap((workflow) =>
    wishesOf(workflow).flatMap((wish) => {
      if (wish.attributes.type !== 'evm.log') return []
      const named = [...contractsOf(wish), ...(wish.chain?.factory?.contracts ?? [])]
      return named.filter((one) => !one.startsWith('0x') && !Object.hasOwn(contracts, one))
    }),
  )
}

/** The workflows that events can be for. */
export function openTo(
  engine: Pick<WorkflowEngine, 'workflows' | 'pinned'>,
): readonly ListeningWorkflow[] {
  // Of a definition that was replaced nothing starts any more; what goes on by it listens.
  const pinned = engine.pinned().map((one) => ({ ...one, trigger: {} }))
  return [...engine.workflows(), ...pinned]
}

function lifeOf({ state }: StreamEvent): AwaitedLife {
  return state === 'retracted' ? 'pending' : state
}

/** Has the engine look once a change of an event is on disk. */
export function wakeWorkflows(engine: WorkflowEngine, events: WritableEventStore): void {
  events.subscribe(() => engine.wake())
}
