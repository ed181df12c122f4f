/** Functions of the C library's mathematics that JavaScript lacks. */

/** Halves are rounded away from zero, as C's round does. */
export function roundAway(x: number): number {
  return x < 0 ? -Math.round(-x) : Math.round(x)
}

/** Halves are rounded to even. */
export function roundEven(x: number): number {
  const below = Math.floor(x)
  if (x - below !== 0.5) return Math.round(x)
  return below % 2 === 0 ? below : below + 1
}

/** C's pow: 1 to any power is 1. */
export function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY)) return 1
  return x ** y
}

/** x · 2^n, without an overflow between. */
export function scale(x: number, n: number): number {
  let [value, left] = [x, Math.max(-4_000, Math.min(4_000, Math.trunc(n)))]
  for (; left > 1_000; left -= 1_000) value *= 2 ** 1_000
  for (; left < -1_000; left += 1_000) value *= 2 ** -1_000
  return value * 2 ** left
}

/** Fraction of at least a half and below 1, and the power of two. */
export function frexp(x: number): [number, number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0]
  let exponent = Math.max(-1_023, Math.floor(Math.log2(Math.abs(x))) + 1)
  let fraction = scale(x, -exponent)
  while (Math.abs(fraction) < 0.5) {
    fraction *= 2
    exponent -= 1
  }
  while (Math.abs(fraction) >= 1) {
    fraction /= 2
    exponent += 1
  }
  return [fraction, exponent]
}

/** Fraction and whole part. */
export function modf(x: number): [number, number] {
  if (!Number.isFinite(x)) return [Number.isNaN(x) ? x : 0, x]
  return [x % 1, Math.trunc(x)]
}

export function logb(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY
  return Number.isFinite(x) ? frexp(x)[1] - 1 : Math.abs(x)
}

export function significand(x: number): number {
  return x === 0 || !Number.isFinite(x) ? x : frexp(x)[0] * 2
}

/** The remainder nearest to zero (IEEE 754). */
export function ieeeRemainder(x: number, y: number): number {
  return x - roundEven(x / y) * y
}

/** The next double in a direction. */
export function nextAfter(x: number, toward: number): number {
  if (Number.isNaN(x) || Number.isNaN(toward)) return Number.NaN
  if (x === toward) return toward
  if (x === 0) return toward > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  view.setBigInt64(0, view.getBigInt64(0) + (toward > x === x > 0 ? 1n : -1n))
  return view.getFloat64(0)
}

const lanczos = [
  ...[0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313],
  ...[-176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6],
  1.5056327351493116e-7,
]

/** The gamma function, by Lanczos' approximation (g = 7, n = 9). */
export function tgamma(x: number): number {
  if (Number.isInteger(x) && x > 0 && x < 171) {
    let product = 1
    for (let at = 2; at < x; at += 1) product *= at
    return product
  }
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * tgamma(1 - x))
  const { sum, base } = lanczosOf(x - 1)
  return Math.sqrt(2 * Math.PI) * base ** (x - 0.5) * Math.exp(-base) * sum
}

function lanczosOf(x: number): { readonly sum: number; readonly base: number } {
  const sum = lanczos.reduce((total, one, at) => total + (at === 0 ? one : one / (x + at)), 0)
  return { sum, base: x + 7.5 }
}

/** The logarithm of the gamma function's size. */
export function lgamma(x: number): number {
  if (x === 1 || x === 2) return 0
  if (x <= 0 && Number.isInteger(x)) return Number.POSITIVE_INFINITY
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgamma(1 - x)
  const { sum, base } = lanczosOf(x - 1)
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum)
}

/** The logarithm, and the sign of the gamma function. */
export function lgammaR(x: number): [number, number] {
  const isNegative = x < 0 && !Number.isInteger(x) && Math.floor(x) % 2 !== 0
  return [lgamma(x), isNegative ? -1 : 1]
}

/** The error function, by its series or its continued fraction (Abramowitz and Stegun 7.1.5, 7.1.14). */
export function erf(x: number): number {
  const size = Math.abs(x)
  if (Number.isNaN(x) || size > 6) return Number.isNaN(x) ? x : Math.sign(x)
  let sum = 0
  if (size < 3) {
    let term = size
    for (let n = 0; n < 100 && Math.abs(term) > 1e-18; n += 1) {
      sum += term / (2 * n + 1)
      term *= -(size * size) / (n + 1)
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI)
  }
  for (let n = 60; n > 0; n -= 1) sum = n / 2 / (size + sum)
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * (size + sum)))
}

const steps = 2_000

/** The Bessel function of the first kind and whole order, by its integral. */
export function besselJ(order: number, x: number): number {
  const n = Math.trunc(order)
  let sum = 0
  for (let at = 0; at < steps; at += 1) {
    const angle = ((at + 0.5) * Math.PI) / steps
    sum += Math.cos(n * angle - x * Math.sin(angle))
  }
  return sum / steps
}

/** The Bessel function of the second kind, by its integrals (Abramowitz and Stegun 9.1.22). */
export function besselY(order: number, x: number): number {
  const n = Math.trunc(order)
  if (x <= 0) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  let [first, second] = [0, 0]
  const end = Math.asinh(Math.max(750, 60 * Math.abs(n)) / x) + 1
  const sign = n % 2 === 0 ? 1 : -1
  for (let at = 0; at < steps * 10; at += 1) {
    const share = (at + 0.5) / (steps * 10)
    const angle = share * Math.PI
    first += Math.sin(x * Math.sin(angle) - n * angle)
    const t = share * end
    second += (Math.exp(n * t) + sign * Math.exp(-n * t)) * Math.exp(-x * Math.sinh(t))
  }
  return first / (steps * 10) - (second * end) / (Math.PI * steps * 10)
}
