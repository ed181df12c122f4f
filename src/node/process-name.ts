/** Names this process among those that share its database. */

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

const mark = randomBytes(3).toString('hex')

/** Machine, process and a mark that no other start has: `oak-4711-9f03aa`. */
export function processName(): string {
  return `${hostname().slice(0, 60)}-${process.pid}-${mark}`
}
