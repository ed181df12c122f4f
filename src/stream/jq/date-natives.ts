/** Functions of times, all of them in UTC: local time is not asked for, so that a replay gives the same. */

import { doubleOf } from './arithmetic.ts'
import type { Evaluation } from './budget.ts'
import { type BrokenTime, brokenTime, secondsFrom } from './calendar.ts'
import { readTime, timeText } from './date-text.ts'
import { isNumeric, raised, type Value } from './values.ts'

type Native = (run: Evaluation, input: Value, ...args: Value[]) => Value | undefined

/** Seconds that the calendar can still count. */
const maxSeconds = 6.7e16
/** C's int holds each part of a time. */
const maxPart = 2 ** 31 - 1

function listOf(time: BrokenTime): Value {
  const { year, month, day, hours, minutes, seconds, weekday, yearDay } = time
  return [year, month, day, hours, minutes, seconds, weekday, yearDay]
}

/** A time given by its parts; those that are missing are 0. */
function timeFrom(value: Value, complaint: string): BrokenTime {
  if (!Array.isArray(value)) throw raised(complaint)
  const parts = value.slice(0, 8).map((part: Value) => {
    if (!isNumeric(part) || Number.isNaN(doubleOf(part))) throw raised(complaint)
    return Math.trunc(Math.max(-maxPart, Math.min(maxPart, doubleOf(part))))
  })
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = parts
  return brokenTime(secondsFrom({ year, month, day, hours, minutes, seconds }))
}

function fromSeconds(value: Value, complaint: string): BrokenTime {
  if (!isNumeric(value)) throw raised(complaint)
  const seconds = doubleOf(value)
  if (!(Math.abs(seconds) < maxSeconds)) {
    throw raised('error converting number of seconds since epoch to datetime')
  }
  return brokenTime(seconds)
}

function written(name: string): Native {
  return (run, input, format = null) => {
    const complaint = `${name} requires parsed datetime inputs`
    const time = isNumeric(input) ? fromSeconds(input, complaint) : undefined
    if (time === undefined && !Array.isArray(input)) throw raised(complaint)
    if (typeof format !== 'string') throw raised(`${name} requires a string format`)
    run.spend(format.length * 10)
    const text = timeText(time ?? timeFrom(input, complaint), format)
    run.spend(text.length)
    return text
  }
}

export const dateNatives: Readonly<Record<string, Native>> = {
  'gmtime/0': (_, input) => listOf(fromSeconds(input, 'gmtime() requires numeric inputs')),
  'localtime/0': (_, input) => listOf(fromSeconds(input, 'localtime() requires numeric inputs')),
  'mktime/0': (_, input) => {
    if (!Array.isArray(input)) throw raised('mktime requires array inputs')
    return secondsFrom(timeFrom(input, 'mktime requires parsed datetime inputs'))
  },
  'strftime/1': written('strftime/1'),
  'strflocaltime/1': written('strflocaltime/1'),
  'strptime/1': (run, input, format = null) => {
    if (typeof input !== 'string' || typeof format !== 'string') {
      throw raised('strptime/1 requires string inputs and arguments')
    }
    run.spend((input.length + 1) * (format.length + 1))
    const found = readTime(input, format)
    if (found === undefined || (found.rest !== '' && !/^\s/.test(found.rest))) {
      throw raised(`date "${input}" does not match format "${format}"`)
    }
    const list = listOf(found.time) as readonly Value[]
    return found.rest === '' ? list : [...list, found.rest]
  },
}
