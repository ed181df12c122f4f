/** Writes and reads times by the formats of C's strftime and strptime, in the C locale and UTC. */

import {
  type BrokenTime,
  brokenTime,
  daysFrom,
  isoWeek,
  months,
  secondsFrom,
  weekdays,
} from './calendar.ts'

/** Widest field that a format may ask for. */
const maxWidth = 1_000

type Field = readonly [value: number | string, width: number, pad: string]

const composed: Readonly<Record<string, string>> = {
  ...{ c: '%a %b %e %H:%M:%S %Y', D: '%m/%d/%y', F: '%Y-%m-%d', r: '%I:%M:%S %p', R: '%H:%M' },
  ...{ T: '%H:%M:%S', x: '%m/%d/%y', X: '%H:%M:%S', h: '%b', '+': '%a %b %e %H:%M:%S %Z %Y' },
}

const digits = (value: number, width = 2): Field => [value, width, '0']
const spaced = (value: number): Field => [value, 2, ' ']
const text = (value: string): Field => [value, 0, ' ']
const inCentury = (year: number) => digits(((year % 100) + 100) % 100)
const half = (hours: number) => (hours % 12 === 0 ? 12 : hours % 12)
/** The week of the year, whose first is the one with the first of these weekdays. */
const weekFrom = (first: number, { yearDay, weekday }: BrokenTime) =>
  digits(Math.floor((yearDay + 7 - ((weekday - first + 7) % 7)) / 7))

const fields: Readonly<Record<string, (time: BrokenTime) => Field>> = {
  a: ({ weekday }) => text((weekdays[weekday] ?? '?').slice(0, 3)),
  A: ({ weekday }) => text(weekdays[weekday] ?? '?'),
  b: ({ month }) => text((months[month] ?? '?').slice(0, 3)),
  B: ({ month }) => text(months[month] ?? '?'),
  C: ({ year }) => digits(Math.floor(year / 100)),
  d: ({ day }) => digits(day),
  e: ({ day }) => spaced(day),
  g: (time) => inCentury(isoWeek(time).year),
  G: (time) => digits(isoWeek(time).year, 1),
  H: ({ hours }) => digits(hours),
  I: ({ hours }) => digits(half(hours)),
  j: ({ yearDay }) => digits(yearDay + 1, 3),
  k: ({ hours }) => spaced(hours),
  l: ({ hours }) => spaced(half(hours)),
  m: ({ month }) => digits(month + 1),
  M: ({ minutes }) => digits(minutes),
  n: () => text('\n'),
  N: () => digits(0, 9),
  p: ({ hours }) => text(hours < 12 ? 'AM' : 'PM'),
  P: ({ hours }) => text(hours < 12 ? 'am' : 'pm'),
  s: (time) => digits(Math.trunc(secondsFrom(time)), 1),
  S: ({ seconds }) => digits(Math.trunc(seconds)),
  t: () => text('\t'),
  u: ({ weekday }) => digits(weekday === 0 ? 7 : weekday, 1),
  U: (time) => weekFrom(0, time),
  V: (time) => digits(isoWeek(time).week),
  w: ({ weekday }) => digits(weekday, 1),
  W: (time) => weekFrom(1, time),
  y: ({ year }) => inCentury(year),
  Y: ({ year }) => digits(year, 1),
  z: () => text('+0000'),
  Z: () => text('UTC'),
  '%': () => text('%'),
}

/** One piece of a format: a field with its flags and width, or what stands as it is. */
interface Piece {
  readonly text: string
  readonly sign: string | undefined
  readonly flags: string
  readonly width: number
}

/** Formats taken apart, the latest of them. */
const taken = new Map<string, readonly Piece[]>()
const maxTaken = 64

function piecesOf(format: string): readonly Piece[] {
  const known = taken.get(format)
  if (known !== undefined) return known
  const found = format.matchAll(/%([_\-0^#]*)(\d*)[EO]?([a-zA-Z%+])|\s+|[\s\S]/g)
  const pieces = Array.from(found, ([text, flags = '', width = '', sign]) => ({
    ...{ text, sign, flags },
    width: Math.min(Number(width), maxWidth),
  }))
  if (taken.size >= maxTaken) taken.clear()
  taken.set(format, pieces)
  return pieces
}

/** A time as text; signs that mean nothing stand as they are. */
export function timeText(time: BrokenTime, format: string): string {
  return piecesOf(format)
    .map((piece) => pieceText(time, piece))
    .join('')
}

function pieceText(time: BrokenTime, piece: Piece): string {
  const { sign, flags, width } = piece
  if (sign === undefined) return piece.text
  const inner = composed[sign]
  if (inner !== undefined) return cased(timeText(time, inner), flags).padStart(width)
  const field = fields[sign]?.(time)
  if (field === undefined) return piece.text
  const [value, usual, pad] = field
  if (typeof value === 'string') return cased(value, flags).padStart(width)
  const filling = flags.includes('_') ? ' ' : flags.includes('0') ? '0' : pad
  const least = flags.includes('-') ? 0 : Math.max(usual, width)
  const written = String(Math.abs(value))
  return value < 0 ? `-${written.padStart(least - 1, filling)}` : written.padStart(least, filling)
}

function cased(text: string, flags: string): string {
  return flags.includes('^') || flags.includes('#') ? text.toUpperCase() : text
}

/** What has been read of a time so far. */
type Read = { -readonly [Name in keyof BrokenTime]?: BrokenTime[Name] }

interface ReadState {
  readonly read: Read & {
    isAfternoon?: boolean
    century?: number
    sinceEpoch?: number
    weekOfYear?: { readonly week: number; readonly from: number }
  }
  /** What is still to be read. */
  rest: string
}

/** Two-digit years from 69 on are of the last century, as POSIX has it. */
const pivotYear = 69

/** Numbers of at most so many digits. */
const numerals: Readonly<Record<number, RegExp>> = {
  ...{ 1: /^ *([+-]?\d)/, 2: /^ *([+-]?\d{1,2})/, 3: /^ *([+-]?\d{1,3})/ },
  ...{ 4: /^ *([+-]?\d{1,4})/, 20: /^ *([+-]?\d{1,20})/ },
}

function readNumber(
  state: ReadState,
  longest: number,
  range: readonly [number, number],
): number | undefined {
  const [found, digits] = numerals[longest]?.exec(state.rest) ?? []
  if (found === undefined || Number(digits) < range[0] || Number(digits) > range[1])
    return undefined
  state.rest = state.rest.slice(found.length)
  return Number(digits)
}

function readName(state: ReadState, names: readonly string[]): number | undefined {
  const rest = state.rest.toLowerCase()
  for (const [at, name] of names.entries()) {
    const wanted = [name.toLowerCase(), name.slice(0, 3).toLowerCase()]
    const found = wanted.find((one) => rest.startsWith(one))
    if (found === undefined) continue
    state.rest = state.rest.slice(found.length)
    return at
  }
  return undefined
}

type NumberField = readonly [
  longest: number,
  least: number,
  most: number,
  set: (read: ReadState['read'], value: number) => void,
]

const numberFields: Readonly<Record<string, NumberField>> = {
  C: [2, 0, 99, (read, value) => Object.assign(read, { century: value })],
  d: [2, 1, 31, (read, value) => Object.assign(read, { day: value })],
  e: [2, 1, 31, (read, value) => Object.assign(read, { day: value })],
  H: [2, 0, 23, (read, value) => Object.assign(read, { hours: value })],
  k: [2, 0, 23, (read, value) => Object.assign(read, { hours: value })],
  I: [
    2,
    1,
    12,
    (read, value) =>
      Object.assign(read, { hours: value % 12, isAfternoon: read.isAfternoon ?? false }),
  ],
  l: [
    2,
    1,
    12,
    (read, value) =>
      Object.assign(read, { hours: value % 12, isAfternoon: read.isAfternoon ?? false }),
  ],
  j: [3, 1, 366, (read, value) => Object.assign(read, { yearDay: value - 1 })],
  m: [2, 1, 12, (read, value) => Object.assign(read, { month: value - 1 })],
  M: [2, 0, 59, (read, value) => Object.assign(read, { minutes: value })],
  s: [20, -1e15, 1e15, (read, value) => Object.assign(read, { sinceEpoch: value })],
  S: [2, 0, 61, (read, value) => Object.assign(read, { seconds: value })],
  u: [1, 1, 7, (read, value) => Object.assign(read, { weekday: value % 7 })],
  U: [2, 0, 53, (read, week) => Object.assign(read, { weekOfYear: { week, from: 0 } })],
  W: [2, 0, 53, (read, week) => Object.assign(read, { weekOfYear: { week, from: 1 } })],
  V: [2, 0, 53, () => {}],
  G: [4, 0, 9_999, () => {}],
  g: [2, 0, 99, () => {}],
  w: [1, 0, 6, (read, value) => Object.assign(read, { weekday: value })],
  y: [
    2,
    0,
    99,
    (read, value) => Object.assign(read, { year: value + (value < pivotYear ? 2_000 : 1_900) }),
  ],
  Y: [4, -9_999, 9_999, (read, value) => Object.assign(read, { year: value })],
}

/** Reads one field; whether it was there. */
function readField(state: ReadState, sign: string): boolean {
  const { read } = state
  const field = numberFields[sign]
  if (field !== undefined) {
    const [longest, least, most, set] = field
    const value = readNumber(state, longest, [least, most])
    if (value !== undefined) set(read, value)
    return value !== undefined
  }
  if (sign === 'a' || sign === 'A') {
    const weekday = readName(state, weekdays)
    if (weekday !== undefined) read.weekday = weekday
    return weekday !== undefined
  }
  if (sign === 'b' || sign === 'B' || sign === 'h') {
    const month = readName(state, months)
    if (month !== undefined) read.month = month
    return month !== undefined
  }
  return readOther(state, sign)
}

const otherFields: Readonly<Record<string, RegExp>> = {
  ...{ p: /^[ap]m/i, P: /^[ap]m/i, z: /^\s*(?:Z|[+-]\d\d(?::?\d\d)?)/, Z: /^\s*[^\s]*/ },
  ...{ '%': /^%/, n: /^\s*/, t: /^\s*/ },
}

function readOther(state: ReadState, sign: string): boolean {
  const [found] = otherFields[sign]?.exec(state.rest) ?? []
  if (found === undefined) return false
  state.rest = state.rest.slice(found.length)
  if (sign === 'p' || sign === 'P') state.read.isAfternoon = /p/i.test(found)
  return true
}

function readFormat(state: ReadState, format: string): boolean {
  for (const { text, sign } of piecesOf(format)) {
    if (sign !== undefined) {
      const inner = composed[sign]
      if (!(inner === undefined ? readField(state, sign) : readFormat(state, inner))) return false
    } else if (/^\s/.test(text)) state.rest = state.rest.trimStart()
    else {
      if (!state.rest.startsWith(text)) return false
      state.rest = state.rest.slice(text.length)
    }
  }
  return true
}

/** A time read from text, and what stands behind it; undefined where the text does not fit. */
export function readTime(
  text: string,
  format: string,
): { readonly time: BrokenTime; readonly rest: string } | undefined {
  const state: ReadState = { read: {}, rest: text }
  if (!readFormat(state, format)) return undefined
  return { time: completed(state.read), rest: state.rest }
}

function completed(read: ReadState['read']): BrokenTime {
  if (read.sinceEpoch !== undefined) return brokenTime(read.sinceEpoch)
  const hours = (read.hours ?? 0) + (read.isAfternoon ? 12 : 0)
  const { minutes = 0, seconds = 0 } = read
  const year =
    read.century === undefined
      ? (read.year ?? 1_900)
      : read.century * 100 + ((read.year ?? 0) % 100)
  const clock = { hours, minutes, seconds }
  if (
    read.year === undefined &&
    read.century === undefined &&
    read.month === undefined &&
    read.day === undefined
  ) {
    return {
      year,
      month: 0,
      day: 0,
      ...clock,
      weekday: read.weekday ?? 0,
      yearDay: read.yearDay ?? 0,
    }
  }
  const date = dateFrom(read, year)
  const { month, day, weekday, yearDay } = brokenTime(date * 86_400)
  return { year, month, day, ...clock, weekday, yearDay }
}

/** Days since 1970 of a date given by month and day, by the day of the year, or by week and weekday. */
function dateFrom(read: ReadState['read'], year: number): number {
  const start = daysFrom(year, 0, 1)
  if (read.month === undefined && read.day === undefined) {
    if (read.yearDay !== undefined) return start + read.yearDay
    if (read.weekOfYear !== undefined) {
      const { week, from } = read.weekOfYear
      const first = (((start + 4) % 7) + 7) % 7
      return (
        start +
        ((7 - first + from) % 7) +
        (week - 1) * 7 +
        (((read.weekday ?? from) - from + 7) % 7)
      )
    }
  }
  return daysFrom(year, read.month ?? 0, read.day ?? 1)
}
