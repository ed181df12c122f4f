/** Numbers that keep the digits they were written with, as jq 1.8 keeps them until they are computed with. */

/** Most digits that are kept; of longer numbers the nearest double is. */
const maxDigits = 4_000
/** Beyond this exponent a number is infinite, as in jq. */
const maxExponent = 999_999_999

const numeral = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

/** A written number: sign, digits, power of ten; `value` is the nearest double. */
export class Decimal {
  readonly negative: boolean
  /** Without leading zeros. */
  readonly digits: string
  readonly exponent: number
  readonly value: number

  constructor(negative: boolean, digits: string, exponent: number) {
    this.negative = negative
    this.digits = digits
    this.exponent = exponent
    this.value = Number(`${negative ? '-' : ''}${digits}e${exponent}`)
  }

  /** The other sign, all digits kept. */
  negated(): Decimal {
    return new Decimal(!this.negative, this.digits, this.exponent)
  }

  /** Text in the scientific form of the General Decimal Arithmetic specification, which jq prints. */
  toString(): string {
    const { digits, exponent } = this
    const sign = this.negative ? '-' : ''
    const adjusted = exponent + digits.length - 1
    if (exponent > 0 || adjusted < -6) {
      const rest = digits.length > 1 ? `.${digits.slice(1)}` : ''
      return `${sign}${digits[0]}${rest}E${adjusted < 0 ? '-' : '+'}${Math.abs(adjusted)}`
    }
    if (exponent === 0) return sign + digits
    const point = digits.length + exponent
    if (point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
    return `${sign}0.${'0'.repeat(-point)}${digits}`
  }

  /** As an exact integer; undefined for a fraction, and for what is too long for one. */
  toInteger(): bigint | undefined {
    if (this.#integer === undefined) this.#integer = this.#wholeValue() ?? null
    return this.#integer ?? undefined
  }

  /** Once asked for; null of a fraction. */
  #integer: bigint | null | undefined

  #wholeValue(): bigint | undefined {
    const digits = this.digits.replace(/0+$/, '')
    if (digits === '') return 0n
    const exponent = this.exponent + this.digits.length - digits.length
    if (exponent < 0 || exponent + digits.length > 1_300) return undefined
    const whole = BigInt(digits) * 10n ** BigInt(exponent)
    return this.negative ? -whole : whole
  }
}

export function isDecimal(value: unknown): value is Decimal {
  return value instanceof Decimal
}

/**
 * A written number: a double where that has the same digits, else a Decimal; whole numbers beyond 2^53 are Decimals.
 *
 * @returns undefined for what is no number
 */
export function parseNumber(text: string): number | Decimal | undefined {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  const parts = numeral.exec(text)
  if (!parts) return parseName(text)
  const [, sign = '', whole = '', fraction = '', power = '0'] = parts
  if (whole === '' && fraction === '') return undefined
  if (whole.length + fraction.length > maxDigits) return Number(text)
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '')
  const exponent = clamp(Number(power)) - fraction.length
  if (digits !== '0' && exponent + digits.length - 1 > maxExponent) {
    return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  const decimal = new Decimal(sign === '-', digits, exponent)
  const same = decimal.toString() === String(decimal.value)
  return same && Math.abs(decimal.value) <= Number.MAX_SAFE_INTEGER ? decimal.value : decimal
}

function clamp(exponent: number): number {
  return Math.max(-2e9, Math.min(2e9, exponent))
}

function parseName(text: string): number | undefined {
  const [, sign, name] = /^([+-]?)(nan|inf|infinity)$/i.exec(text) ?? []
  if (name === undefined) return undefined
  if (name.toLowerCase() === 'nan') return Number.NaN
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** Below 0, 0 or above 0, by all digits. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [zeroA, zeroB] = [a.digits === '0', b.digits === '0']
  if (zeroA || zeroB) return zeroA && zeroB ? 0 : zeroA ? signOf(b) * -1 : signOf(a)
  if (a.negative !== b.negative) return signOf(a)
  const heights = a.exponent + a.digits.length - (b.exponent + b.digits.length)
  if (heights !== 0) return signOf(a) * heights
  const length = Math.max(a.digits.length, b.digits.length)
  const [left, right] = [a.digits.padEnd(length, '0'), b.digits.padEnd(length, '0')]
  return left === right ? 0 : left < right ? -signOf(a) : signOf(a)
}

function signOf(decimal: Decimal): number {
  return decimal.negative ? -1 : 1
}
