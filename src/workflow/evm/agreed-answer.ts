/** Finds what several sources agree on, without losing a digit. */

import type { Json } from '../../base/json-rpc.ts'
import { canonicalJson } from '../language/canonical.ts'
import { WorkflowError } from '../workflow-error.ts'
import { badInput } from './abi-json.ts'

type Fields = { readonly [name: string]: Json | undefined }

/** An answer by where it comes from. */
type Answer = { readonly source: string; readonly value: Json }

/** What was found; the answer is decimal text, or a value as it was given. */
export type AgreedAnswer = {
  readonly answer: Json
  /** Sources whose answers count for it. */
  readonly agreed: readonly string[]
  /** The others that answered. */
  readonly outliers: readonly Answer[]
}

/** An exact number: units / 10^places. */
interface Exact {
  readonly units: bigint
  readonly places: number
}

/** Type of the error that says that no answer was found. */
const disagreementType = 'urn:quantumstream:error:oracle-disagreement'

/** Most answers; most digits before and after the point; most decimal places of what is sent. */
const [maxAnswers, maxDigits, maxDecimals] = [1_000, 100, 77]
const basisPoints = 10_000n

/**
 * What `answers` agree on: their median, where at least `quorum` lie within `maxDeviation` of it, or the value that at least
 * `quorum` of them give.
 *
 * @throws AppError `workflow/bad-input`; WorkflowError of a type of its own where too few answer or agree
 */
export function agreedAnswer(fields: Fields): AgreedAnswer {
  const answers = answersOf(fields.answers)
  const quorum = countOf(fields.quorum, 'quorum', maxAnswers)
  if (quorum === 0) throw badInput('"quorum" must be at least 1')
  const found = isMedian(fields, answers) ? median(fields, answers) : mode(answers, quorum)
  if (found !== undefined && found.agreed.length >= quorum) return found
  const few = `${answers.length} answered, and ${quorum} are needed`
  const apart = `fewer than ${quorum} of ${answers.length} agree: ${told(answers)}`
  throw new WorkflowError({
    ...{ type: disagreementType, status: 409 },
    title: answers.length < quorum ? 'Too few answers' : 'Answers disagree',
    detail: answers.length < quorum ? few : apart,
  })
}

/** Those that are there: `{source, value}`, or values, which are known by their place. */
function answersOf(value: Json | undefined): readonly Answer[] {
  if (!Array.isArray(value) || value.length > maxAnswers) {
    throw badInput(`"answers" must be a list of at most ${maxAnswers}`)
  }
  const names = new Set<string>()
  return value.flatMap((one: Json, at): readonly Answer[] => {
    const { source, value: given } = isSourced(one) ? one : { source: `#${at}`, value: one }
    if (typeof source !== 'string' || source === '') {
      throw badInput(`"answers[${at}].source" must be a name`)
    }
    if (names.has(source)) throw badInput(`"${source}" answers twice`)
    names.add(source)
    return given === undefined || given === null ? [] : [{ source, value: given }]
  })
}

function isSourced(value: Json): value is { readonly [name: string]: Json } {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject && (Object.hasOwn(value, 'source') || Object.hasOwn(value, 'value'))
}

/** What is asked for; else the median where decimals are told or every answer is an integer. */
function isMedian({ aggregate, decimals, maxDeviation }: Fields, answers: readonly Answer[]) {
  const isNumeric = decimals !== undefined || maxDeviation !== undefined
  if (aggregate === 'mode') {
    if (isNumeric) throw badInput('"decimals" and "maxDeviation" belong to the median')
    return false
  }
  if (aggregate !== undefined && aggregate !== 'median') {
    throw badInput('"aggregate" must be median or mode')
  }
  if (aggregate === 'median' || isNumeric) return true
  return answers.every(({ value }) => exactOf(value, 0) !== undefined)
}

/** The value that most give; nothing where two are given by as many. */
function mode(answers: readonly Answer[], quorum: number): AgreedAnswer | undefined {
  const groups = Map.groupBy(answers, ({ value }) => comparable(value))
  const [most, next] = [...groups.values()].sort((a, b) => b.length - a.length)
  const [first] = most ?? []
  if (most === undefined || first === undefined || most.length < quorum) return undefined
  if (next?.length === most.length) return undefined
  return {
    answer: first.value,
    agreed: most.map(({ source }) => source),
    outliers: answers.filter((one) => !most.includes(one)),
  }
}

/** Values that are one: hex text in either case, whole numbers as text too, members in any order. */
function comparable(value: Json): string {
  if (typeof value === 'string' && /^0x[0-9a-f]*$/i.test(value)) return value.toLowerCase()
  const isWholeText = typeof value === 'string' && /^-?\d+$/.test(value)
  return isWholeText ? value : canonicalJson(value)
}

/** The median and those near it; what is no number is far from everything. */
function median(fields: Fields, answers: readonly Answer[]): AgreedAnswer | undefined {
  const decimals = countOf(fields.decimals ?? 0, 'decimals', maxDecimals)
  const limit = deviationOf(fields.maxDeviation ?? 0)
  const numbers = answers.flatMap((answer) => {
    const exact = exactOf(answer.value, fields.decimals === undefined ? 0 : maxDigits)
    return exact === undefined ? [] : [{ answer, exact }]
  })
  if (numbers.length === 0) return undefined
  // One place more, so that the mean of two is exact.
  const places = Math.max(decimals, ...numbers.map(({ exact }) => exact.places)) + 1
  const scaled = numbers.map(({ answer, exact }) => ({
    ...{ answer, units: exact.units * 10n ** BigInt(places - exact.places) },
  }))
  const middle = middleOf(scaled.map(({ units }) => units))
  const near = scaled.filter(
    ({ units }) =>
      distance(units, middle) * basisPoints * limit.parts <= limit.points * distance(middle, 0n),
  )
  const agreed = near.map(({ answer }) => answer)
  return {
    answer: String(floored(middle, 10n ** BigInt(places - decimals))),
    agreed: agreed.map(({ source }) => source),
    outliers: answers.filter((one) => !agreed.includes(one)),
  }
}

/** Of an even number the mean of the two in the middle. */
function middleOf(units: readonly bigint[]): bigint {
  const sorted = units.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const at = sorted.length / 2
  const low = sorted[Math.ceil(at) - 1] ?? 0n
  const high = sorted[Math.floor(at)] ?? 0n
  return (low + high) / 2n
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a
}

function floored(value: bigint, by: bigint): bigint {
  const whole = value / by
  return value < 0n && value % by !== 0n ? whole - 1n : whole
}

/**
 * A number of JSON or decimal text with at most so many places; `undefined` for what is none, and for whole numbers that JSON
 * does not hold exactly.
 */
function exactOf(value: Json, mostPlaces: number): Exact | undefined {
  const isInexact =
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
  if (isInexact || (typeof value !== 'number' && typeof value !== 'string')) return undefined
  const text = String(value)
  if (text.length > 2 * maxDigits) return undefined
  const [, sign, whole, part = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text) ?? []
  if (whole === undefined) return undefined
  const places = Math.max(part.length - Number(power), 0)
  const zeros = Math.max(Number(power) - part.length, 0)
  if (places > mostPlaces || whole.length + zeros > maxDigits) return undefined
  const units = BigInt(whole + part) * 10n ** BigInt(zeros)
  return { units: sign === '-' ? -units : units, places }
}

/** Basis points as points / parts: a whole number of them, or a percentage such as "0.5%". */
function deviationOf(value: Json): { readonly points: bigint; readonly parts: bigint } {
  const [, whole, part = ''] = /^(\d{1,6})(?:\.(\d{1,18}))?%$/.exec(String(value)) ?? []
  if (typeof value === 'string' && whole !== undefined) {
    return { points: BigInt(whole + part) * 100n, parts: 10n ** BigInt(part.length) }
  }
  const isCount =
    typeof value === 'number' ? Number.isSafeInteger(value) : typeof value === 'string'
  if (isCount && /^\d{1,8}$/.test(String(value)))
    return { points: BigInt(value as string), parts: 1n }
  throw badInput('"maxDeviation" must be a whole number of basis points, or such as "0.5%"')
}

function countOf(value: Json | undefined, name: string, most: number): number {
  const isText = typeof value === 'string' && /^\d{1,4}$/.test(value)
  const count = isText ? Number(value) : value
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= most) {
    return count
  }
  throw badInput(`"${name}" must be a whole number up to ${most}`)
}

/** The first answers, for people. */
function told(answers: readonly Answer[]): string {
  const shown = answers.slice(0, 10).map(({ source, value }) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `${source} says ${text.length > 100 ? `${text.slice(0, 100)}…` : text}`
  })
  return [...shown, ...(answers.length > 10 ? ['…'] : [])].join(', ')
}
