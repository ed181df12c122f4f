/** Gives the integers of chain events to expressions as exact integers. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { exactArgs } from '../../stream/cloud-event.ts'
import type { CloudEvent } from '../durable-context.ts'
import { isMembers, memberOf } from './places.ts'
import type { Data } from './runtime.ts'

/** An event in which integer arguments are exact; one of another kind as it is. */
export function exactEvent(event: CloudEvent): Data {
  const { type, event: signature, data } = event
  const args = memberOf(data, 'args')
  if (type !== 'evm.log' || typeof signature !== 'string' || !isMembers(args)) return event
  try {
    return { ...event, data: { ...(data as object), args: exactArgs(signature, args) } } as Data
  } catch (error) {
    // Arguments that are not the signature's stay as they came: what they mean is not known.
    if (error instanceof AppError) return event
    throw error
  }
}

/** The input of an instance, which is a list of events where events start it. */
export function exactEvents(input: Json): Data {
  if (!Array.isArray(input)) return input as Data
  return input.map((one: Json) => (isMembers(one) ? exactEvent(one as CloudEvent) : one))
}
