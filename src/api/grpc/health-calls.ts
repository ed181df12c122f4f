/** Answers the calls of grpc.health.v1.Health: how a service does now, and each time that it changes. */

import { setTimeout as pause } from 'node:timers/promises'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { ApiDependencies } from '../api-dependencies.ts'
import { type healthService, servingStatus } from './health-schema.ts'
import { statusOf } from './health-status.ts'

/** How services are watched. */
export interface WatchOptions {
  /** Watches at a time, of all clients together. */
  readonly most: number
  /** Pause between two looks. */
  readonly everyMs: number
}

/** The calls of the service. */
export function healthCalls(
  from: ApiDependencies,
  { most, everyMs }: WatchOptions,
): ServiceImpl<typeof healthService> {
  let watches = 0
  return {
    async check({ service }) {
      const status = await statusOf(from, service)
      if (status !== servingStatus.serviceUnknown) return { status }
      const message = `there is no chain "${service}" here; the empty name is the node`
      throw new ConnectError(message, Code.NotFound)
    },
    async *watch({ service }, { signal }) {
      if (watches >= most) {
        const message = `${watches} watches are open, which is the limit; end one, or ask by Check`
        throw new ConnectError(message, Code.ResourceExhausted)
      }
      watches += 1
      try {
        let last: number | undefined
        for (;;) {
          const status = await statusOf(from, service)
          if (status !== last) yield { status }
          last = status
          await pause(everyMs, undefined, { signal }).catch(() => signal.throwIfAborted())
        }
      } finally {
        watches -= 1
      }
    },
  }
}
