/** Gives the integers of chain events to expressions as exact integers. */

import type { Json } from '../../base/json-rpc.ts'
import type { Data } from './runtime.ts'

/** The input of an instance, in whose chain events integer arguments are exact. */
export function exactEvents(input: Json): Data {
  return input as Data
}
