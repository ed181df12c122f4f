/** Reads what starts instances of a workflow. */

import type { Trigger } from '../durable-context.ts'
import type { Compiler } from './compiler.ts'
import { durationMs } from './durations.ts'
import { type Members, memberOf } from './places.ts'

/** The `schedule` of a definition. */
export function triggerOf(_compiler: Compiler, definition: Members): Trigger {
  const { schedule } = definition
  const every = durationMs(memberOf(schedule, 'every'))
  const after = durationMs(memberOf(schedule, 'after'))
  const cron = memberOf(schedule, 'cron')
  return {
    ...(typeof cron === 'string' ? { cron } : {}),
    ...(every === undefined ? {} : { everyMs: every }),
    ...(after === undefined ? {} : { afterMs: after }),
  }
}
