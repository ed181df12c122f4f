/** Names this process among those that share its database. */

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

/** A name that no other start has: machine, process and a mark, such as `oak-4711-9f03aa`. */
export function processName(): string {
  return `${hostname().slice(0, 60)}-${process.pid}-${randomBytes(3).toString('hex')}`
}
