/** Puts workflows on the chain: what is listened to, and what an event does. */

import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import { cloudEventOf } from '../stream/cloud-event.ts'
import type { WritableEventStore } from '../stream/event-store.ts'
import type { EventHandler, StreamEvent } from '../stream/stream.ts'
import type { Subscription } from '../stream/subscription.ts'
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
  contracts: ContractNames | undefined,
): readonly Subscription[] {
  const wanted = new Map<string, Subscription>()
  for (const { name, trigger } of workflows) {
    for (const { attributes } of trigger.on?.wishes ?? []) {
      const { type, event, contract, chain: only = chain } = attributes
      if (type !== 'evm.log' || event === undefined || contract === undefined || only !== chain)
        continue
      const address = contract.startsWith('0x') ? (contract as Hex) : contracts?.[contract]
      // Where there are none of ours, what names one is for another chain.
      if (address === undefined && contracts === undefined) continue
      if (address === undefined) {
        const message = `workflow "${name}" listens to the contract "${contract}", which chain "${chain}" does not have`
        throw new AppError({ code: 'node/unknown-contract', message })
      }
      wanted.set(`${event} ${address}`, { event, address })
    }
  }
  return [...wanted.values()]
}

/** Gives events to the engine in the transaction that stores them; contracts are told by name, too. */
export function workflowHandler(
  engine: Pick<WorkflowEngine, 'deliver' | 'advance' | 'retract'>,
  contracts: ContractNames,
): EventHandler {
  const names = new Map(
    Object.entries(contracts).map(([name, address]) => [address?.toLowerCase(), name]),
  )
  return {
    async appeared(session, event) {
      const contractname = names.get(event.address.toLowerCase())
      const told = { ...cloudEventOf(event), ...(contractname ? { contractname } : {}) }
      await engine.deliver(session, told, lifeOf(event))
    },
    advanced: (session, event) => engine.advance(session, event.id, lifeOf(event)),
    retracted: (session, event) => engine.retract(session, event.id),
  }
}

function lifeOf({ state }: StreamEvent): AwaitedLife {
  return state === 'retracted' ? 'pending' : state
}

/** Has the engine look once a change of an event is on disk. */
export function wakeWorkflows(engine: WorkflowEngine, events: WritableEventStore): void {
  events.subscribe(() => engine.wake())
}
