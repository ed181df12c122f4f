/** Functions of numbers. */

import { doubleOf, negate, toInteger } from './arithmetic.ts'
import { type Evaluation, failure } from './budget.ts'
import { unfit } from './complaints.ts'
import { isDecimal, parseNumber } from './decimal.ts'
import { compare } from './order.ts'
import * as special from './special-functions.ts'
import { isNumeric, raised, type Value } from './values.ts'

type Native = (run: Evaluation, input: Value, ...args: Value[]) => Value | undefined

/** Functions of the C library that take and give one double. */
const ofOne: Readonly<Record<string, (x: number) => number>> = {
  ...{ acos: Math.acos, acosh: Math.acosh, asin: Math.asin, asinh: Math.asinh },
  ...{ atan: Math.atan, atanh: Math.atanh, cbrt: Math.cbrt, cos: Math.cos, cosh: Math.cosh },
  ...{ exp: Math.exp, expm1: Math.expm1, log: Math.log, log10: Math.log10, log1p: Math.log1p },
  ...{ log2: Math.log2, sin: Math.sin, sinh: Math.sinh, sqrt: Math.sqrt, tan: Math.tan },
  ...{ tanh: Math.tanh, exp2: (x) => 2 ** x, exp10: (x) => 10 ** x, pow10: (x) => 10 ** x },
  ...{ gamma: special.lgamma, lgamma: special.lgamma, tgamma: special.tgamma },
  ...{ erf: special.erf, erfc: (x) => 1 - special.erf(x), logb: special.logb },
  significand: special.significand,
}

/** Functions that are integrated at each call, and cost accordingly. */
const bessel: Readonly<Record<string, (order: number, x: number) => number>> = {
  ...{ jn: special.besselJ, yn: special.besselY },
}
const besselWork = 20_000

/** Those that give whole numbers: of an exact integer they give itself. */
const rounding: Readonly<Record<string, (x: number) => number>> = {
  ...{ floor: Math.floor, ceil: Math.ceil, trunc: Math.trunc, round: special.roundAway },
  ...{ rint: special.roundEven, nearbyint: special.roundEven },
}

const ofTwo: Readonly<Record<string, (x: number, y: number) => number>> = {
  ...{ atan2: Math.atan2, hypot: Math.hypot, pow: special.power },
  fmin: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y)),
  fmax: (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y)),
  fmod: (x, y) => x % y,
  fdim: (x, y) => (x > y ? x - y : Number.isNaN(x + y) ? Number.NaN : 0),
  copysign: (x, y) => (Object.is(y, -0) || y < 0 ? -Math.abs(x) : Math.abs(x)),
  ldexp: (x, y) => special.scale(x, y),
  scalb: (x, y) => special.scale(x, y),
  scalbln: (x, y) => special.scale(x, y),
  drem: special.ieeeRemainder,
  remainder: special.ieeeRemainder,
  nextafter: special.nextAfter,
  nexttoward: special.nextAfter,
}

function doubleFrom(value: Value, name: string): number {
  if (typeof value === 'bigint') {
    throw raised(`${name} takes no exact integer; tonumber turns a small one into a number`)
  }
  if (isNumeric(value)) return doubleOf(value)
  throw unfit(value, 'number required')
}

function mapped<From>(
  table: Readonly<Record<string, From>>,
  arity: number,
  native: (name: string, from: From) => Native,
): Record<string, Native> {
  const entries = Object.entries(table)
  return Object.fromEntries(entries.map(([name, from]) => [`${name}/${arity}`, native(name, from)]))
}

function toNumber(run: Evaluation, value: Value): Value {
  if (typeof value === 'bigint') {
    if (Number.isSafeInteger(Number(value))) return Number(value)
    throw raised(`${value} is too large for an exact number; leave it an exact integer`)
  }
  if (isNumeric(value)) return value
  if (typeof value !== 'string') throw unfit(value, 'cannot be parsed as a number')
  run.spend(value.length)
  const number = parseNumber(value)
  if (number === undefined) throw unfit(value, 'cannot be parsed as a number')
  if (run.isStrict && isDecimal(number) && !Number.isSafeInteger(number.value)) {
    if (Number.isInteger(number.value) || !Number.isFinite(number.value)) {
      throw failure(
        `${value.slice(0, 80)} is too large for an exact number; "integer" turns it into an exact integer`,
      )
    }
  }
  return number
}

/** Below 0 negated; what is no number is compared all the same, as in jq. */
function absolute(value: Value, run: Evaluation): Value {
  if (typeof value === 'number') return Math.abs(value)
  return compare(value, 0, 'grouping', run) < 0 ? negate(value) : value
}

export const numberNatives: Readonly<Record<string, Native>> = {
  ...mapped(ofOne, 0, (name, from) => (_, input) => from(doubleFrom(input, name))),
  ...mapped(rounding, 0, (name, from) => (_, input) => {
    return typeof input === 'bigint' ? input : from(doubleFrom(input, name))
  }),
  ...mapped(ofTwo, 2, (name, from) => (_, _input, x = null, y = null) => {
    return from(doubleFrom(x, name), doubleFrom(y, name))
  }),
  ...mapped(bessel, 2, (name, from) => (run, _input, order = null, x = null) => {
    run.spend(besselWork)
    return from(doubleFrom(order, name), doubleFrom(x, name))
  }),
  'j0/0': ofOrder(special.besselJ, 0),
  'j1/0': ofOrder(special.besselJ, 1),
  'y0/0': ofOrder(special.besselY, 0),
  'y1/0': ofOrder(special.besselY, 1),
  'fma/3': (_, _input, x = null, y = null, z = null) =>
    doubleFrom(x, 'fma') * doubleFrom(y, 'fma') + doubleFrom(z, 'fma'),
  'fabs/0': (_, input) => Math.abs(doubleFrom(input, 'fabs')),
  'abs/0': (run, input) => absolute(input, run),
  'frexp/0': (_, input) => special.frexp(doubleFrom(input, 'frexp')),
  'modf/0': (_, input) => special.modf(doubleFrom(input, 'modf')),
  'lgamma_r/0': (_, input) => special.lgammaR(doubleFrom(input, 'lgamma_r')),
  '_negate/0': (_, input) => negate(input),
  'infinite/0': () => Number.POSITIVE_INFINITY,
  'nan/0': () => Number.NaN,
  'isinfinite/0': (_, input) => Math.abs(asDouble(input)) === Number.POSITIVE_INFINITY,
  'isnan/0': (_, input) => isNumeric(input) && Number.isNaN(asDouble(input)),
  'isnormal/0': (_, input) => {
    const size = Math.abs(asDouble(input))
    return size >= 2 ** -1022 && size < Number.POSITIVE_INFINITY
  },
  'tonumber/0': toNumber,
  'integer/0': (_, input) => toInteger(input),
  'have_decnum/0': () => true,
  'have_literal_numbers/0': () => true,
}

function ofOrder(from: (order: number, x: number) => number, order: number): Native {
  return (run, input) => {
    run.spend(besselWork)
    return from(order, doubleFrom(input, 'a Bessel function'))
  }
}

function asDouble(value: Value): number {
  return isNumeric(value) ? doubleOf(value) : Number.NaN
}
