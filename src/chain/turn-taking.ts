/** Lets sockets and timers have their turn while code of the chain runs long. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Pause } from './evm/evm.ts'

/** Longest stretch of code without a turn for others, in milliseconds. */
const longestMs = 20

/** A pause that gives way whenever others have waited for long enough, in milliseconds. */
export function turnTaking(stretchMs = longestMs): Pause {
  let turnMs = performance.now()
  return () => {
    if (performance.now() - turnMs < stretchMs) return undefined
    return nextTurn().then(() => {
      turnMs = performance.now()
    })
  }
}
