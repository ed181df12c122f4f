/** Makes the event that a function outside of this process is called with. */

import type { Json } from '../../base/json-rpc.ts'
import type { CloudEvent } from '../../stream/cloud-event-http.ts'
import type { Invocation } from '../functions.ts'

/** A call with the time after which nobody waits for its result. */
type Bounded = Invocation & { readonly deadlineMs: number }

/** A call that its provider waits for so long, unless the caller waits less. */
export function waitedFor(invocation: Invocation, timeoutMs: number): Bounded {
  const ownMs = Date.now() + timeoutMs
  return { ...invocation, deadlineMs: Math.min(ownMs, invocation.deadlineMs ?? ownMs) }
}

/** The call of a function as a CloudEvent: its id is the idempotency key, its subject the function, its data the payload. */
export function functionEvent(
  name: string,
  payload: Json,
  { idempotencyKey, deadlineMs, traceparent }: Omit<Bounded, 'signal' | 'log'>,
): CloudEvent {
  return {
    ...{ specversion: '1.0', id: idempotencyKey, source: '/quantumstream' },
    ...{ type: 'quantumstream.function.invoke', subject: name },
    ...{ time: new Date().toISOString(), datacontenttype: 'application/json' },
    deadline: new Date(deadlineMs).toISOString(),
    ...(traceparent === undefined ? {} : { traceparent }),
    data: payload,
  }
}
