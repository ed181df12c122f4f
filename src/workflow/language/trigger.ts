/** Reads what starts instances of a workflow. */

import { Cron } from 'croner'
import type { Trigger } from '../durable-context.ts'
import type { Compiler } from './compiler.ts'
import { durationMs } from './durations.ts'
import { compileFilter, filterPlace, strategyFilters } from './event-filters.ts'
import { below, type Members, memberOf, type Place } from './places.ts'

/** Shortest pause between instances that a schedule starts. */
const shortestMs = 100

/** The `schedule` of a definition. */
export function triggerOf(compiler: Compiler, definition: Members): Trigger {
  const { schedule } = definition
  if (schedule === undefined) return {}
  const place: Place = { pointer: '/schedule', variables: [] }
  const on = memberOf(schedule, 'on')
  const cron = memberOf(schedule, 'cron')
  return {
    ...(typeof cron === 'string'
      ? { cron: checkedCron(compiler, cron, below(place, 'cron')) }
      : {}),
    ...intervalOf(compiler, 'every', { schedule, name: 'everyMs' }),
    ...intervalOf(compiler, 'after', { schedule, name: 'afterMs' }),
    ...(on === undefined ? {} : { on: eventsOf(compiler, on, below(place, 'on')) }),
  }
}

function intervalOf(
  { problems }: Compiler,
  member: string,
  { schedule, name }: { readonly schedule: Members[string]; readonly name: 'everyMs' | 'afterMs' },
): Partial<Record<'everyMs' | 'afterMs', number>> {
  const value = memberOf(schedule, member)
  if (value === undefined) return {}
  const ms = durationMs(value)
  if (ms !== undefined && (ms >= shortestMs || name === 'afterMs')) return { [name]: ms }
  const message = `must be a duration of at least ${shortestMs} ms, such as {"minutes": 5} or "PT5M"; no expression`
  problems.push({ pointer: `/schedule/${member}`, message })
  return {}
}

function checkedCron({ problems }: Compiler, cron: string, { pointer }: Place): string {
  try {
    new Cron(cron, { paused: true }).stop()
  } catch (error) {
    const message = `is no cron expression: ${(error as Error).message}; right is such as "0 0 * * *"`
    problems.push({ pointer, message })
  }
  return cron
}

function eventsOf(
  compiler: Compiler,
  on: Members[string],
  place: Place,
): NonNullable<Trigger['on']> {
  const { kind, filters } = strategyFilters(on)
  const wishes = filters.map((filter, at) => {
    return compileFilter(compiler, filter, filterPlace(place, kind, at)).wish(undefined)
  })
  return { kind, wishes: wishes.length === 0 ? [{ attributes: {} }] : wishes }
}
