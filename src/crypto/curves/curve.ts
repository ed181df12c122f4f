/** Reckons with points of one elliptic curve in a kernel of its own. */

import { kernelWasmBase64 } from './curves-wasm.gen.ts'
import { type ExtensionNumber, extensionOf } from './extension.ts'
import type { CurveMap } from './maps.ts'

/** A curve y² = x³ + ax + b over a prime field, perhaps with a twist and pairings. */
export interface CurveParameters {
  readonly prime: bigint
  readonly a: 0 | -3
  readonly b: bigint
  /** What pairings need; absent where there are none. */
  readonly pairing?: {
    /** Says how points are encoded and where the lines' parts lie. */
    readonly family: 'bn254' | 'bls12-381'
    /** The parameter of the family, without its sign. */
    readonly x: bigint
    /** Rounds of the Miller loop. */
    readonly loop: bigint
    /** Its cube root makes the extension of degree 6. */
    readonly xi: ExtensionNumber
    /** b of the twist. */
    readonly twistB: ExtensionNumber
    /** A cube root of 1, for the test of G1; 1 where none is needed. */
    readonly beta: bigint
    /** How numbers become points of the two groups; absent where nobody asks. */
    readonly maps?: readonly [CurveMap, CurveMap]
  }
}

/** 1 is the curve over the prime field, 2 its twist over the extension. */
export type Group = 1 | 2

/** A curve; points are encoded, infinity as zeros. What is malformed, off the curve or outside the subgroup gives `undefined`. */
export interface Curve {
  /** The sum of two points, of which nobody asks whether they are in the subgroup. */
  add(group: Group, points: Uint8Array): Uint8Array | undefined
  /** The sum of terms: a point and a number of 32 bytes, again and again. */
  sum(group: Group, terms: Uint8Array): Uint8Array | undefined
  /** One of the two y for an encoded x, both encoded; `undefined` if no point has that x. */
  root(x: Uint8Array): Uint8Array | undefined
  /** The point of the subgroup that a number stands for, or a pair of numbers. */
  map(group: Group, number: Uint8Array): Uint8Array | undefined
  /** Whether the product of the pairings is one: a point of each group, again and again. */
  pair(pairs: Uint8Array): boolean | undefined
}

type Place = { readonly value: number }
type Named =
  | 'BUFFER'
  | 'TERM_BYTES'
  | 'GROUP'
  | 'PAIR_BYTES'
  | 'PRIME'
  | 'TWICE'
  | 'SQUARE'
  | 'INVERSE_POWER'
  | 'ROOT_POWER'
type OfCurve = 'B1' | 'B2' | 'HALF' | 'FROBENIUS' | 'PSI' | 'BETA' | 'DIGITS' | Mapping
type Mapping = 'MAP1' | 'MAP2' | 'SIZES'

interface Kernel extends Readonly<Record<Named | OfCurve, Place>> {
  readonly memory: WebAssembly.Memory
  setPrime(limbs: number, minusInverse: bigint): void
  setCurve(isBls: boolean, minusThree: boolean, x: bigint, digits: number): void
  add(group: Group): number
  sum(group: Group, count: number, work: number): number
  pair(count: number, work: number): number
  root(): number
  map(group: Group): number
}

const module = new WebAssembly.Module(Uint8Array.fromBase64(kernelWasmBase64))

/** Bits of a limb, and limbs that a number has room for. */
const [limbBits, roomLimbs] = [30n, 13]
const roomBytes = roomLimbs * 8
const pageBytes = 65_536

/** Loads a curve. */
export function createCurve(parameters: CurveParameters): Curve {
  const kernel = new WebAssembly.Instance(module).exports as unknown as Kernel
  const isBls = parameters.pairing?.family === 'bls12-381'
  setUp(kernel, parameters)
  const elementBytes = isBls ? 64 : 32
  const pointBytes = (group: Group) => 2 * group * elementBytes
  const start = kernel.BUFFER.value
  /** Writes the input, makes room behind it, and tells where the room begins. */
  const put = (input: Uint8Array, roomBehind: number): number => {
    const work = start + Math.ceil(input.length / 16) * 16
    const missing = work + roomBehind - kernel.memory.buffer.byteLength
    if (missing > 0) kernel.memory.grow(Math.ceil(missing / pageBytes))
    new Uint8Array(kernel.memory.buffer).set(input, start)
    return work
  }
  const roomFor = (count: number, one: Place) => Math.min(count, kernel.GROUP.value) * one.value
  const take = (length: number) => new Uint8Array(kernel.memory.buffer).slice(start, start + length)
  return {
    add(group, points) {
      put(points, 0)
      return kernel.add(group) ? take(pointBytes(group)) : undefined
    },
    sum(group, terms) {
      const count = terms.length / (pointBytes(group) + 32)
      const work = put(terms, roomFor(count, kernel.TERM_BYTES))
      return kernel.sum(group, count, work) ? take(pointBytes(group)) : undefined
    },
    root(x) {
      put(x, 0)
      return kernel.root() ? take(elementBytes) : undefined
    },
    map(group, number) {
      put(number, 2 * pointBytes(group))
      return kernel.map(group) ? take(pointBytes(group)) : undefined
    },
    pair(pairs) {
      const count = pairs.length / (pointBytes(1) + pointBytes(2))
      const answer = kernel.pair(count, put(pairs, roomFor(count, kernel.PAIR_BYTES)))
      return answer === 2 ? undefined : answer === 1
    },
  }
}

/** Writes numbers to the kernel's memory. */
function writerOf({ memory }: Kernel, prime: bigint) {
  const radix = 1n << (limbBits * BigInt(limbsOf(prime)))
  const write = (at: number, value: bigint) => {
    const words = new BigUint64Array(memory.buffer, at, roomLimbs)
    for (let place = 0; place < roomLimbs; place += 1) {
      words[place] = BigInt.asUintN(30, value >> (limbBits * BigInt(place)))
    }
  }
  /** In Montgomery's form. */
  const put = (at: number, value: bigint) => write(at, (value * radix) % prime)
  const putPair = (at: number, [real, imaginary]: ExtensionNumber) => {
    put(at, real)
    put(at + roomBytes, imaginary)
  }
  return { radix, write, put, putPair }
}

const limbsOf = (prime: bigint) => (prime >> 270n ? 13 : 9)

function setUp(kernel: Kernel, { prime, a, b, pairing }: CurveParameters): void {
  const { radix, write, put } = writerOf(kernel, prime)
  write(kernel.PRIME.value, prime)
  write(kernel.TWICE.value, 2n * prime)
  write(kernel.SQUARE.value, (radix * radix) % prime)
  const powers = [
    [kernel.INVERSE_POWER, prime - 2n],
    [kernel.ROOT_POWER, (prime + 1n) / 4n],
  ] as const
  for (const [place, power] of powers) {
    const bytes = Uint8Array.fromHex(power.toString(16).padStart(96, '0'))
    new Uint8Array(kernel.memory.buffer).set(bytes, place.value)
  }
  kernel.setPrime(limbsOf(prime), minusInverse(prime))
  put(kernel.B1.value, b)
  put(kernel.HALF.value, (prime + 1n) / 2n)
  const digits = pairing ? signedDigits(pairing.loop) : []
  new Int8Array(kernel.memory.buffer).set(digits, kernel.DIGITS.value)
  const isBls = pairing?.family === 'bls12-381'
  kernel.setCurve(isBls, a === -3, pairing?.x ?? 0n, digits.length)
  if (pairing) setUpPairing(kernel, prime, pairing)
}

function setUpPairing(
  kernel: Kernel,
  prime: bigint,
  { family, xi, twistB, beta, maps }: NonNullable<CurveParameters['pairing']>,
): void {
  const { put, putPair } = writerOf(kernel, prime)
  const { power, invert, multiply } = extensionOf(prime)
  const turn = power(xi, (prime - 1n) / 6n)
  for (const k of [1, 2, 3, 4, 5]) {
    putPair(kernel.FROBENIUS.value + (k - 1) * 2 * roomBytes, power(turn, BigInt(k)))
  }
  for (const [place, k] of [2n, 3n].entries()) {
    const onTwist = power(turn, k)
    const value = family === 'bls12-381' ? invert(onTwist) : onTwist
    putPair(kernel.PSI.value + place * 2 * roomBytes, value)
  }
  putPair(kernel.B2.value, twistB)
  put(kernel.BETA.value, beta)
  for (const [at, { a, b, z, ...functions }] of (maps ?? []).entries()) {
    const { xNumerator, xDenominator, yNumerator, yDenominator } = functions
    const polynomials = [xNumerator, xDenominator, yNumerator, yDenominator]
    const slope = multiply(b, invert(a))
    const fixed = [a, b, z, multiply([prime - 1n, 0n], slope), multiply(slope, invert(z))]
    const sizes = polynomials.map(({ length }) => length)
    new Uint8Array(kernel.memory.buffer).set(sizes, kernel.SIZES.value + 4 * at)
    for (const [place, value] of [...fixed, ...polynomials.flat()].entries()) {
      if (at === 0) put(kernel.MAP1.value + place * roomBytes, value[0])
      else putPair(kernel.MAP2.value + place * 2 * roomBytes, value)
    }
  }
}

/** −1 / prime mod 2^30, by Newton's steps. */
function minusInverse(prime: bigint): bigint {
  let inverse = 1n
  for (let step = 0; step < 5; step += 1)
    inverse = BigInt.asUintN(30, inverse * (2n - prime * inverse))
  return BigInt.asUintN(30, -inverse)
}

/** Digits −1, 0 and 1 without neighbours, from the second highest down. */
function signedDigits(value: bigint): readonly number[] {
  const digits: number[] = []
  for (let rest = value; rest > 1n; rest >>= 1n) {
    const digit = (rest & 1n) === 0n ? 0 : (rest & 3n) === 1n ? 1 : -1
    if (digit === -1) rest += 1n
    digits.unshift(digit)
  }
  return digits
}
