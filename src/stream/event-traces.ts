/** Traces events of chains: from their block to when they were kept, and how long they took to come further. */

import { derivedContext, derivedWithin, type TraceContext, type Tracer } from '../base/tracing.ts'
import type { EventHandler, StreamEvent } from './stream.ts'

/** The trace of an event, which follows from its id: every program that reads the chain has the same one. */
export function eventContext(eventId: string): TraceContext {
  return derivedContext('event', eventId)
}

/** Gives spans of events. */
export interface EventTraces {
  /** A handler that also notes which events are new. */
  noting(handler: EventHandler): EventHandler
  /** To be called with each change once it is on disk. */
  told(event: StreamEvent): void
}

/** Events that were noted and not yet told of: those of transactions under way. */
const maxNoted = 10_000

/** A span for each event that appears, and one within it for each state that it comes to. */
export function createEventTraces(tracer: Tracer, nowMs: () => number): EventTraces {
  const fresh = new Set<string>()
  return {
    noting: (handler) => ({
      ...handler,
      async appeared(session, event) {
        await handler.appeared(session, event)
        if (fresh.size >= maxNoted) fresh.clear()
        fresh.add(event.id)
      },
    }),
    told(event) {
      const { id, name, state, blockHash, blockTimeMs, seenAtMs } = event
      const context = eventContext(id)
      const [attributes, endMs] = [attributesOf(event), nowMs()]
      if (fresh.delete(id)) {
        const startMs = Math.min(blockTimeMs, endMs)
        tracer.add({ context, name: `event ${name}`, kind: 'consumer', startMs, endMs, attributes })
        return
      }
      tracer.add({
        ...{ context: derivedWithin(context, id, state, blockHash), parentId: context.spanId },
        ...{ name: `event ${state}`, kind: 'internal', startMs: seenAtMs, endMs, attributes },
      })
    },
  }
}

function attributesOf(event: StreamEvent) {
  const { id, chain, chainId, state, blockNumber, blockHash, transactionHash } = event
  return {
    ...{ 'quantumstream.event.id': id, 'quantumstream.event.state': state },
    ...{ 'quantumstream.chain': chain, 'quantumstream.chain.id': chainId },
    ...{ 'quantumstream.block.number': blockNumber, 'quantumstream.block.hash': blockHash },
    'quantumstream.transaction.hash': transactionHash,
  }
}
