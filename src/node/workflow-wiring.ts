/** Puts workflows on the chain: what is listened to, and what an event does. */

import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import { cloudEventOf } from '../stream/cloud-event.ts'
import type { WritableEventStore } from '../stream/event-store.ts'
import type { EventHandler, StreamEvent } from '../stream/stream.ts'
import type { Subscription } from '../stream/subscription.ts'
import type { ContractBook } from '../workflow/contract-book.ts'
import type { AwaitedLife, RunnableWorkflow } from '../workflow/durable-context.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'

/** Addresses by the names that definitions use. */
type ContractNames = Readonly<Record<string, Hex | undefined>>

/**
 * What the triggers of workflows need of a chain.
 *
 * @throws AppError `node/unknown-contract` for a name that the chain does not have
 */
export function subscriptionsOf(
  workflows: readonly RunnableWorkflow[],
  chain: string,
  contracts: ContractNames,
): readonly Subscription[] {
  const wanted = new Map<string, Subscription>()
  for (const { name, trigger } of workflows) {
    for (const { attributes } of trigger.on?.wishes ?? []) {
      const { type, event, contract, chain: only = chain } = attributes
      if (type !== 'evm.log' || event === undefined || contract === undefined || only !== chain)
        continue
      const address = contract.startsWith('0x') ? (contract as Hex) : contracts[contract]
      if (address === undefined) {
        const message = `workflow "${name}" listens to the contract "${contract}", which chain "${chain}" does not have: add it by POST /v1/contracts first`
        throw new AppError({ code: 'node/unknown-contract', message })
      }
      wanted.set(`${event} ${address}`, { event, address })
    }
  }
  return [...wanted.values()]
}

/**
 * Gives events to the engine in the transaction that stores them; contracts are told by name, too.
 *
 * @param book - has the names that are not among `contracts`; without it there are none
 */
export function workflowHandler(
  engine: Pick<WorkflowEngine, 'deliver' | 'advance' | 'retract' | 'workflows'>,
  contracts: ContractNames,
  book?: Pick<ContractBook, 'namesOf'>,
): EventHandler {
  const names = new Map(
    Object.entries(contracts).map(([name, address]) => [address?.toLowerCase(), name]),
  )
  return {
    async appeared(session, event) {
      const address = event.address.toLowerCase() as Hex
      const wanted = book === undefined ? [] : namesBeside(contracts, engine.workflows())
      const known = wanted.length === 0 ? [] : await book?.namesOf(session, address)
      const contractname = names.get(address) ?? known?.find((name) => wanted.includes(name))
      const told = { ...cloudEventOf(event), ...(contractname ? { contractname } : {}) }
      await engine.deliver(session, told, lifeOf(event))
    },
    advanced: (session, event) => engine.advance(session, event.id, lifeOf(event)),
    retracted: (session, event) => engine.retract(session, event.id),
  }
}

/** Contracts that triggers name and that are not among those. */
export function namesBeside(
  contracts: ContractNames,
  workflows: readonly RunnableWorkflow[],
): readonly string[] {
  return workflows.flatMap(({ trigger }) =>
    (trigger.on?.wishes ?? []).flatMap(({ attributes: { contract } }) =>
      contract === undefined || contract.startsWith('0x') || Object.hasOwn(contracts, contract)
        ? []
        : [contract],
    ),
  )
}

function lifeOf({ state }: StreamEvent): AwaitedLife {
  return state === 'retracted' ? 'pending' : state
}

/** Has the engine look once a change of an event is on disk. */
export function wakeWorkflows(engine: WorkflowEngine, events: WritableEventStore): void {
  events.subscribe(() => engine.wake())
}
