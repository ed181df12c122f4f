/** Makes the event that a function outside of this process is called with. */

import type { Json } from '../../base/json-rpc.ts'
import type { CloudEvent } from '../../stream/cloud-event-http.ts'
import type { Invocation } from '../functions.ts'

/** The call of a function as a CloudEvent: its id is the idempotency key, its subject the function, its data the payload. */
export function functionEvent(
  name: string,
  payload: Json,
  { idempotencyKey, deadlineMs, traceparent }: Omit<Invocation, 'signal' | 'log'>,
): CloudEvent {
  return {
    ...{ specversion: '1.0', id: idempotencyKey, source: '/quantumstream' },
    ...{ type: 'quantumstream.function.invoke', subject: name },
    ...{ time: new Date().toISOString(), datacontenttype: 'application/json' },
    ...(deadlineMs === undefined ? {} : { deadline: new Date(deadlineMs).toISOString() }),
    ...(traceparent === undefined ? {} : { traceparent }),
    data: payload,
  }
}
