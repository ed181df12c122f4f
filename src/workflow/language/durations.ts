/** Reads durations: members such as `seconds`, or ISO 8601 text. */

import { WorkflowError } from '../workflow-error.ts'
import { isMembers } from './places.ts'
import type { Data } from './runtime.ts'

const msOf: Readonly<Record<string, number>> = {
  ...{ days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000, milliseconds: 1 },
}

const dayMs = 86_400_000
const iso =
  /^P(?!$)(\d+(?:\.\d+)?Y)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?W)?(\d+(?:\.\d+)?D)?(T(?=\d)(\d+(?:\.\d+)?H)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?S)?)?$/

/**
 * Milliseconds of a duration; a year counts 365 days, a month 30.
 *
 * @returns undefined for what is no duration
 */
export function durationMs(value: Data | undefined): number | undefined {
  if (typeof value === 'string') return isoMs(value)
  if (!isMembers(value)) return undefined
  let total = 0
  for (const [name, amount] of Object.entries(value)) {
    const unit = msOf[name]
    if (unit === undefined || typeof amount !== 'number' || amount < 0) return undefined
    total += unit * amount
  }
  return total
}

function isoMs(text: string): number | undefined {
  const found = iso.exec(text.trim())
  if (found === null) return undefined
  const [, years, months, weeks, days, , hours, minutes, seconds] = found
  const amount = (part: string | undefined) => (part === undefined ? 0 : Number.parseFloat(part))
  const whole = amount(years) * 365 + amount(months) * 30 + amount(weeks) * 7 + amount(days)
  const rest = amount(hours) * 3_600 + amount(minutes) * 60 + amount(seconds)
  return Math.round(whole * dayMs + rest * 1_000)
}

/** The same of a value that was evaluated. @throws WorkflowError `expression` where it is no duration */
export function neededMs(value: Data, what: string): number {
  const ms = durationMs(value)
  if (ms !== undefined) return ms
  const detail = `${what} is no duration: ${JSON.stringify(value)?.slice(0, 100)}; right is {"seconds": 5} or "PT5S"`
  throw new WorkflowError({ type: 'expression', title: 'No duration', detail })
}
