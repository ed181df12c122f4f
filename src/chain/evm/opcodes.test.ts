/** Checks the opcodes on words against BigInt, and instructions that are put together against each by itself. */

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import { genesisState } from '../state/trie-state.ts'
import { createEvm } from './create-evm.ts'
import type { BlockContext, CallResult, Evm } from './evm.ts'

const zero = new Uint8Array(32)
const block: BlockContext = {
  ...{ number: 1n, timestamp: 1n, beneficiary: new Uint8Array(20), difficulty: 0n },
  ...{ gasLimit: 30_000_000n, baseFeePerGas: 0n, mixHash: zero, excessBlobGas: 0n },
  ...{ parentBeaconBlockRoot: zero, parentHash: zero, blockHash: () => undefined },
}
const size = 2n ** 256n
const wrap = (value: bigint) => BigInt.asUintN(256, value)
const signed = (value: bigint) => BigInt.asIntN(256, value)
const truth = (value: boolean) => (value ? 1n : 0n)

/** Words near powers of two, of any length, with top digits that force corrections of quotients, and any. */
const word = fc.oneof(
  fc.bigInt({ min: 0n, max: size - 1n }),
  fc
    .tuple(fc.integer({ min: 0, max: 256 }), fc.bigInt({ min: 0n, max: size - 1n }))
    .map(([bits, value]) => BigInt.asUintN(bits, value)),
  fc.bigInt({ min: 0n, max: 300n }),
  fc
    .tuple(fc.integer({ min: 0, max: 256 }), fc.bigInt({ min: -3n, max: 3n }))
    .map(([bits, near]) => wrap(2n ** BigInt(bits) + near)),
  fc
    .array(fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n), {
      minLength: 4,
      maxLength: 4,
    })
    .map((limbs) => limbs.reduce((sum, limb) => (sum << 64n) | limb, 0n)),
)

const power = (base: bigint, exponent: bigint): bigint => {
  let [result, square] = [1n, base]
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = wrap(result * square)
    square = wrap(square * square)
  }
  return result
}
const shifted = (bits: bigint, value: bigint, by: (bits: bigint) => bigint) =>
  bits < 256n ? wrap(by(bits)) : value

/** Opcode, and what it makes of its operands, top first. */
const opcodes: Readonly<
  Record<string, readonly [number, (a: bigint, b: bigint, c: bigint) => bigint]>
> = {
  add: [0x01, (a, b) => wrap(a + b)],
  mul: [0x02, (a, b) => wrap(a * b)],
  sub: [0x03, (a, b) => wrap(a - b)],
  div: [0x04, (a, b) => (b === 0n ? 0n : a / b)],
  sdiv: [0x05, (a, b) => (b === 0n ? 0n : wrap(signed(a) / signed(b)))],
  mod: [0x06, (a, b) => (b === 0n ? 0n : a % b)],
  smod: [0x07, (a, b) => (b === 0n ? 0n : wrap(signed(a) % signed(b)))],
  addmod: [0x08, (a, b, c) => (c === 0n ? 0n : (a + b) % c)],
  mulmod: [0x09, (a, b, c) => (c === 0n ? 0n : (a * b) % c)],
  exp: [0x0a, power],
  signextend: [0x0b, (a, b) => (a < 31n ? wrap(BigInt.asIntN(Number(a) * 8 + 8, b)) : b)],
  lt: [0x10, (a, b) => truth(a < b)],
  gt: [0x11, (a, b) => truth(a > b)],
  slt: [0x12, (a, b) => truth(signed(a) < signed(b))],
  sgt: [0x13, (a, b) => truth(signed(a) > signed(b))],
  eq: [0x14, (a, b) => truth(a === b)],
  and: [0x16, (a, b) => a & b],
  or: [0x17, (a, b) => a | b],
  xor: [0x18, (a, b) => a ^ b],
  byte: [0x1a, (a, b) => (a < 32n ? (b >> (248n - 8n * a)) & 255n : 0n)],
  shl: [0x1b, (a, b) => shifted(a, 0n, (bits) => b << bits)],
  shr: [0x1c, (a, b) => shifted(a, 0n, (bits) => b >> bits)],
  sar: [0x1d, (a, b) => shifted(a, wrap(signed(b) >> 255n), (bits) => signed(b) >> bits)],
  iszero: [0x15, (a) => truth(a === 0n)],
  not: [0x19, (a) => wrap(~a)],
  clz: [0x1e, (a) => (a === 0n ? 256n : 256n - BigInt(a.toString(2).length))],
}
const unary = new Set(['iszero', 'not', 'clz'])
const ternary = new Set(['addmod', 'mulmod'])

const push32 = (value: bigint): Uint8Array =>
  concatBytes(Uint8Array.of(0x7f), padStart(fromBigInt(value), 32))
/** Reads word number `at` of the calldata, so that no constant is seen when the code is decoded. */
const readInput = (at: number): Uint8Array =>
  Uint8Array.of(0x61, (at * 32) >> 8, (at * 32) & 255, 0x35)
const keep = (at: number): Uint8Array => Uint8Array.of(0x61, (at * 32) >> 8, (at * 32) & 255, 0x52)

describe('opcodes on words', () => {
  let evm: Evm
  before(async () => {
    evm = await createEvm(rulesOfOne(1n, 'osaka'))
  })

  const to = new Uint8Array(20).fill(0x50)
  async function run(
    code: Uint8Array,
    data: Uint8Array = zero,
    alone = false,
  ): Promise<CallResult> {
    const state = genesisState([{ address: to, code, balance: 0n, nonce: 1n, storage: [] }])
    const message = {
      ...{ from: new Uint8Array(20), to, value: 0n, data, gasLimit: 10_000_000n },
      ...{ gasPrice: 0n, accessList: [] },
    }
    // Code that is watched is decoded to one instruction for each opcode.
    return evm.call(state, block, message, alone ? { steps: true } : undefined)
  }

  /** Cases for an opcode; of three operands two thirds have the same last one, of so many bits. */
  function casesOf(name: string, seed: number, bits: number): readonly bigint[][] {
    const count = unary.has(name) ? 1 : ternary.has(name) ? 3 : 2
    const cases = fc.sample(fc.array(word, { minLength: count, maxLength: count }), {
      ...{ numRuns: 300, seed },
    })
    if (count < 3) return cases
    // A modulus that comes twice in a row takes another way from then on.
    const modulus = BigInt.asUintN(bits, cases[7]?.[0] ?? 1n) | (1n << BigInt(bits - 1))
    return cases.map((one, at) => (at % 3 === 2 ? one : [...one.slice(0, 2), modulus]))
  }

  const result = (length: number): Uint8Array =>
    Uint8Array.of(0x61, length >> 8, length & 255, 0x5f, 0xf3)

  for (const [name, [opcode, expected]] of Object.entries(opcodes)) {
    test(`${name} gives what BigInt gives, of constants and of what is not known before`, async () => {
      for (const [round, bits] of [256, 254, 224, 194, 193, 192].entries()) {
        const cases = casesOf(name, opcode + 256 * round, bits)
        const constants = cases.map((words, at) => [
          ...words.toReversed().map(push32),
          ...[Uint8Array.of(opcode), keep(at)],
        ])
        const inputs = cases.map((words, at) => [
          ...words.map((_, place) => readInput((at + 1) * words.length - 1 - place)),
          ...[Uint8Array.of(opcode), keep(at)],
        ])
        const data = concatBytes(...cases.flat().map((value) => padStart(fromBigInt(value), 32)))
        for (const lines of [constants, inputs]) {
          const { halt, output } = await run(
            concatBytes(...lines.flat(), result(cases.length * 32)),
            data,
          )
          assert.equal(halt, undefined)
          for (const [at, [a = 0n, b = 0n, c = 0n]] of cases.entries()) {
            const found = toBigInt(output.subarray(at * 32, at * 32 + 32))
            const words = [a, b, c].map((one) => one.toString(16))
            assert.equal(found, expected(a, b, c), `${name} of ${words}`)
          }
        }
      }
    })
  }

  test('keccak256 gives what the hash outside gives, of each length, and again of what was hashed before', async () => {
    const data = Uint8Array.from({ length: 900 }, (_, at) => (at * at * 7 + at) >> 3)
    const lengths = Array.from({ length: 290 }, (_, length) => [0, length] as const)
    const pairs = Array.from({ length: 400 }, (_, at) => [at * 2, 64] as const)
    const ranges = [...lengths, ...pairs, ...pairs.toReversed(), ...pairs]
    const push = (value: number) => [0x61, value >> 8, value & 255]
    const code = Uint8Array.from([
      ...[...push(data.length), 0x5f, 0x5f, 0x37],
      ...ranges.flatMap(([from, length], at) => [
        ...[...push(length), ...push(from), 0x20],
        ...[...push(1024 + at * 32), 0x52],
      ]),
      ...[...push(ranges.length * 32), ...push(1024), 0xf3],
    ])
    const { halt, output } = await run(code, data)
    assert.equal(halt, undefined)
    for (const [at, [from, length]] of ranges.entries()) {
      const wanted = keccak256(data.subarray(from, from + length)).toHex()
      assert.equal(output.subarray(at * 32, at * 32 + 32).toHex(), wanted, `${length} at ${from}`)
    }
  })

  test('instructions that are put together do what each by itself does, with the same gas', async () => {
    const small = fc.constantFrom(0, 1, 2, 5, 31, 32, 64, 255)
    const piece = fc.oneof(
      small.map((value) => [0x60, value]),
      fc.constantFrom([0x7f, ...new Array<number>(32).fill(0xff)], [0x5f], [0x73, ...to]),
      fc.constantFrom(...[0x01, 0x02, 0x03, 0x16, 0x17, 0x19, 0x1b, 0x1c, 0x15].map((op) => [op])),
      fc.constantFrom(
        ...[0x10, 0x11, 0x12, 0x13, 0x14, 0x50, 0x80, 0x81, 0x90, 0x91].map((op) => [op]),
      ),
      fc.constantFrom([0x60, 0x40, 0x51], [0x60, 0x60, 0x52], [0x90, 0x50], [0x50, 0x50], [0x5a]),
      // Jumps to the end, which is a place to jump to, or to where none may go.
      fc.constantFrom([0x61, 1, 0x2c, 0x57], [0x80, 0x61, 1, 0x2c, 0x57], [0x60, 0, 0x57]),
      fc.constantFrom([0x15, 0x61, 1, 0x2c, 0x57], [0x10, 0x15, 0x61, 1, 0x2c, 0x57]),
      fc.constantFrom([0x80, 0x63, 0, 0, 0, 5, 0x14, 0x61, 1, 0x2c, 0x57]),
    )
    const program = fc.array(piece, { minLength: 1, maxLength: 60 }).map((pieces) => {
      const body = pieces.flat().slice(0, 290)
      // A start with words on the stack, the end at 300.
      const start = [0x5a, 0x60, 7, 0x60, 0, 0x36, 0x60, 5]
      const fill = new Array<number>(Math.max(0, 300 - start.length - body.length)).fill(0x5b)
      const end = [0x5b, 0x5f, 0x52, 0x60, 0xa0, 0x5f, 0xf3]
      return Uint8Array.from([...start, ...body, ...fill].slice(0, 300).concat(end))
    })
    let good = 0
    for (const code of fc.sample(program, { numRuns: 1_500, seed: 4 })) {
      const together = await run(code)
      const alone = await run(code, zero, true)
      if (together.halt === undefined) good += 1
      const { halt: _, ...rest } = alone
      // Which fault of several in one block comes first is not seen by the chain.
      assert.deepEqual(
        { ...together, halt: alone.halt },
        { ...rest, halt: alone.halt },
        code.toHex(),
      )
      assert.equal(together.halt === undefined, alone.halt === undefined, code.toHex())
    }
    assert.ok(good > 200, `only ${good} programs ended well`)
  })
})
