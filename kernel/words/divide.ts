/** Divides words of up to nine limbs by words of up to four, in digits of 32 bits (Knuth, volume 2, 4.3.1, algorithm D). */

import { clear, copy, isNegative, isSmall, isZero, less, negate, setSmall } from './u256'

/** Digits of 32 bits: the dividend with one more for its shift, the divisor, the quotient. */
const U: usize = memory.data(96, 16)
const V: usize = memory.data(48, 16)
const Q: usize = memory.data(96, 16)
const ABS_A: usize = memory.data(32, 16)
const ABS_B: usize = memory.data(32, 16)

// @ts-ignore: decorator
@inline
function digit(at: usize, index: i32): u64 {
  return u64(load<u32>(at + (index << 2)))
}

// @ts-ignore: decorator
@inline
function setDigit(at: usize, index: i32, value: u64): void {
  store<u32>(at + (index << 2), u32(value))
}

/** Digits up to the highest that is not zero. */
function digits(at: usize, most: i32): i32 {
  let count = most
  while (count > 0 && load<u32>(at + ((count - 1) << 2)) == 0) count--
  return count
}

// @ts-ignore: decorator
@inline
function clearDigits(at: usize): void {
  clear(at)
  clear(at + 32)
  clear(at + 64)
}

/** Writes eight digits as a word; a load of 8 bytes would wait for two stores of 4. */
function wordOf(out: usize, at: usize): void {
  for (let limb: usize = 0; limb < 32; limb += 8) {
    store<u64>(out + limb, u64(load<u32>(at + limb)) | (u64(load<u32>(at + limb, 4)) << 32))
  }
}

/**
 * Divides `count` digits at `a` by the word at `b`, which is not zero: the quotient's digits come to `Q`, the rest to
 * `U`, both padded with zeros to whole words.
 */
function divideDigits(a: usize, count: i32, b: usize): void {
  clearDigits(Q)
  clearDigits(U)
  const n = digits(b, 8)
  const whole = digits(a, count)
  if (whole < n) for (let i = 0; i < whole; i++) setDigit(U, i, digit(a, i))
  else if (n == 1) divideByDigit(a, whole, digit(b, 0))
  else if (n == 2) divideByTwo(a, whole, load<u64>(b))
  else divideByMany(a, whole, b, n)
}

function divideByDigit(a: usize, whole: i32, divisor: u64): void {
  let rest: u64 = 0
  for (let j = whole - 1; j >= 0; j--) {
    const value = (rest << 32) | digit(a, j)
    const q = value / divisor
    setDigit(Q, j, q)
    rest = value - q * divisor
  }
  setDigit(U, 0, rest)
}

/** Algorithm D with all of the rest in one number. */
function divideByTwo(a: usize, whole: i32, b: u64): void {
  const shift = clz<u64>(b)
  const divisor = b << shift
  const top = divisor >> 32
  const next = divisor & 0xffffffff
  let rest = (digit(a, whole - 1) << shift) >> 32
  for (let j = whole - 1; j >= 0; j--) {
    const below = j > 0 ? digit(a, j - 1) : 0
    const coming = (((digit(a, j) << 32) | below) << shift) >> 32
    let q = rest / top
    let r = rest - q * top
    while (q > 0xffffffff || q * next > ((r << 32) | coming)) {
      q--
      r += top
      if (r > 0xffffffff) break
    }
    setDigit(Q, j, q)
    rest = ((rest << 32) | coming) - q * divisor
  }
  rest >>= shift
  setDigit(U, 0, rest)
  setDigit(U, 1, rest >> 32)
}

function divideByMany(a: usize, whole: i32, b: usize, n: i32): void {
  const shift = u64(clz<u32>(u32(digit(b, n - 1))))
  for (let i = n - 1; i > 0; i--) {
    setDigit(V, i, ((((digit(b, i) << 32) | digit(b, i - 1)) << shift) >> 32) & 0xffffffff)
  }
  setDigit(V, 0, digit(b, 0) << shift)
  setDigit(U, whole, ((digit(a, whole - 1) << shift) >> 32) & 0xffffffff)
  for (let i = whole - 1; i > 0; i--) {
    setDigit(U, i, ((((digit(a, i) << 32) | digit(a, i - 1)) << shift) >> 32) & 0xffffffff)
  }
  setDigit(U, 0, digit(a, 0) << shift)
  for (let j = whole - n; j >= 0; j--) setDigit(Q, j, quotientDigit(j, n))
  // The rest lies in the low n digits of U, shifted.
  for (let i = 0; i < n; i++) {
    setDigit(U, i, ((digit(U, i + 1) << 32) | digit(U, i)) >> shift)
  }
  for (let i = n; i <= whole; i++) setDigit(U, i, 0)
}

/** One digit of the quotient; takes its multiple of V away from U at j. */
function quotientDigit(j: i32, n: i32): u64 {
  const top = digit(V, n - 1)
  const next = digit(V, n - 2)
  const value = (digit(U, j + n) << 32) | digit(U, j + n - 1)
  let q = value / top
  let rest = value - q * top
  while (q > 0xffffffff || q * next > ((rest << 32) | digit(U, j + n - 2))) {
    q--
    rest += top
    if (rest > 0xffffffff) break
  }
  const from = U + (j << 2)
  // What is taken from the digits above: it is negative, and shifts keep its sign.
  let above: i64 = 0
  for (let i = 0; i < n; i++) {
    const product = q * digit(V, i)
    const t = i64(digit(from, i)) - i64(product & 0xffffffff) + above
    setDigit(from, i, u64(t))
    above = (t >> 32) - i64(product >> 32)
  }
  const t = i64(digit(from, n)) + above
  setDigit(from, n, u64(t))
  if (t < 0) {
    q--
    let carry: u64 = 0
    for (let i = 0; i < n; i++) {
      const sum = digit(from, i) + digit(V, i) + carry
      setDigit(from, i, sum)
      carry = sum >> 32
    }
    setDigit(from, n, digit(from, n) + carry)
  }
  return q
}

/** a / b rounded down; 0 when b is 0. */
export function divide(out: usize, a: usize, b: usize): void {
  if (isSmall(b)) {
    const divisor = load<u64>(b)
    if (divisor == 0) {
      clear(out)
      return
    }
    if (isSmall(a)) {
      setSmall(out, load<u64>(a) / divisor)
      return
    }
  }
  if (less(a, b)) {
    clear(out)
    return
  }
  divideDigits(a, 8, b)
  wordOf(out, Q)
}

/** a modulo b; 0 when b is 0. */
export function modulo(out: usize, a: usize, b: usize): void {
  if (isSmall(b)) {
    const divisor = load<u64>(b)
    if (divisor == 0) {
      clear(out)
      return
    }
    if (isSmall(a)) {
      setSmall(out, load<u64>(a) % divisor)
      return
    }
  }
  if (less(a, b)) {
    copy(out, a)
    return
  }
  divideDigits(a, 8, b)
  wordOf(out, U)
}

/** `limbs` limbs at `a`, at most nine, modulo the word at b, which is not zero. */
export function moduloLong(out: usize, a: usize, limbs: i32, b: usize): void {
  divideDigits(a, limbs << 1, b)
  wordOf(out, U)
}

/** `limbs` limbs at `a` divided by the word at b: nine limbs of quotient at `out`. */
export function divideLong(out: usize, a: usize, limbs: i32, b: usize): void {
  divideDigits(a, limbs << 1, b)
  memory.copy(out, Q, 72)
}

/** a / b in two's complement, rounded to zero; 0 when b is 0. */
export function divideSigned(out: usize, a: usize, b: usize): void {
  const negative = isNegative(a) != isNegative(b)
  if (isNegative(a)) negate(ABS_A, a)
  else copy(ABS_A, a)
  if (isNegative(b)) negate(ABS_B, b)
  else copy(ABS_B, b)
  divide(out, ABS_A, ABS_B)
  if (negative && !isZero(out)) negate(out, out)
}

/** The rest of `divideSigned`, which has the sign of a. */
export function moduloSigned(out: usize, a: usize, b: usize): void {
  const negative = isNegative(a)
  if (negative) negate(ABS_A, a)
  else copy(ABS_A, a)
  if (isNegative(b)) negate(ABS_B, b)
  else copy(ABS_B, b)
  modulo(out, ABS_A, ABS_B)
  if (negative && !isZero(out)) negate(out, out)
}
