/** Shows events of a chain to the expressions of projections. */

import { exactArgs } from '../../stream/cloud-event.ts'
import type { JsonInput } from '../../stream/jq.ts'
import type { EventState, StreamEvent } from '../../stream/stream.ts'
import type { ProjectionLife } from '../declaration.ts'
import type { ChainRecord } from './mapping.ts'

const lives: readonly EventState[] = ['pending', 'confirmed', 'safe', 'finalized']

/** Whether the rows of an event in a state are to be seen in a table of a life. */
export function isVisible(state: EventState | undefined, life: ProjectionLife): boolean {
  return state !== undefined && lives.indexOf(state) >= lives.indexOf(life)
}

/** What expressions see of an event: nothing that changes while it stays in its block. */
export function recordOf(event: StreamEvent): ChainRecord {
  const { id, chain, chainId, name, signature, blockNumber, blockHash } = event
  return {
    ...{ block: blockNumber, place: event.logIndex, id },
    input: () => ({
      ...{ id, chain, chainId, name, signature, address: event.address.toLowerCase() },
      args: argsOf(event),
      ...{ blockNumber, blockHash, transactionHash: event.transactionHash },
      ...{ logIndex: event.logIndex, blockTime: new Date(event.blockTimeMs).toISOString() },
    }),
  }
}

function argsOf({ type, signature, args }: StreamEvent): JsonInput {
  return type === undefined ? exactArgs(signature, args) : args
}
