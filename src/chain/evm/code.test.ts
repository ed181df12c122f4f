/** Runs code that is long, deep or jumps about: what is decoded when, and kept where, must not be seen. */

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { fromBigInt, fromHex, padStart, toBigInt } from '../../base/bytes.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import type { State } from '../state/state.ts'
import { genesisState } from '../state/trie-state.ts'
import { createEvm } from './create-evm.ts'
import type { BlockContext, Evm } from './evm.ts'

const zero = new Uint8Array(32)
const block: BlockContext = {
  ...{ number: 1n, timestamp: 1n, beneficiary: new Uint8Array(20), difficulty: 0n },
  ...{ gasLimit: 30_000_000n, baseFeePerGas: 0n, mixHash: zero, excessBlobGas: 0n },
  ...{ parentBeaconBlockRoot: zero, parentHash: zero, blockHash: () => undefined },
}
const to = new Uint8Array(20).fill(0x50)
const word = (value: number) => padStart(fromBigInt(BigInt(value)), 32)

describe('code', () => {
  let evm: Evm
  before(async () => {
    evm = await createEvm(rulesOfOne(1n, 'prague'))
  })

  const stateOf = (code: Uint8Array): State =>
    genesisState([{ address: to, code, balance: 0n, nonce: 1n, storage: [] }])

  function call(state: State, data: Uint8Array = zero, gasLimit = 30_000_000n) {
    const message = { from: new Uint8Array(20), to, value: 0n, data, gasLimit }
    return evm.call(state, block, { ...message, gasPrice: 0n, accessList: [] })
  }

  /** Places that a jump may go to, by the words of the Yellow Paper (section 9.4.3). */
  function targetsOf(code: Uint8Array): Set<number> {
    const found = new Set<number>()
    for (let at = 0; at < code.length; at += 1) {
      const op = code[at] ?? 0
      if (op === 0x5b) found.add(at)
      if (op >= 0x60 && op <= 0x7f) at += op - 0x5f
    }
    return found
  }

  test('jumps go to every JUMPDEST that is not data of a push, and nowhere else', async () => {
    const byte = fc.oneof(
      fc.constantFrom(0x5b, 0x5b, 0x60, 0x62, 0x6f, 0x7e, 0x7f, 0x5f, 0x80),
      fc.integer({ min: 0, max: 255 }),
    )
    const bytes = fc.array(byte, { minLength: 1, maxLength: 400 })
    for (const tail of fc.sample(bytes, { numRuns: 12, seed: 1 })) {
      // What is jumped to runs out of its gas, or fails otherwise, but not by the jump.
      const code = Uint8Array.from([0x5f, 0x35, 0x56, ...tail])
      const targets = targetsOf(code)
      const state = stateOf(code)
      for (let place = 0; place < code.length + 70; place += 1) {
        const { halt } = await call(state, word(place), 21_000n + 16n * 32n + 14n)
        assert.equal(halt === 'invalid-jump', !targets.has(place), `${place} of ${code.toHex()}`)
      }
    }
  })

  test('a place beyond any code is none', async () => {
    const state = stateOf(fromHex('0x5f3556'))
    for (const place of [2n ** 32n - 1n, 2n ** 32n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 256n - 1n]) {
      const { halt } = await call(state, padStart(fromBigInt(place), 32))
      assert.equal(halt, 'invalid-jump')
    }
  })

  test('a routine comes back to each of its callers, again and again', async () => {
    // Three callers add 1, 2 and 4 to the top by a routine at 0x30 that jumps to where it was told; 50 rounds.
    const caller = (back: number, value: number) => [
      0x60,
      back,
      0x90,
      0x60,
      value,
      0x60,
      0x30,
      0x56,
    ]
    const code = new Uint8Array(64)
    code.set([0x60, 50, 0x5f, 0x5b, ...caller(0x0c, 1), 0x5b, ...caller(0x15, 2), 0x5b])
    code.set([...caller(0x1e, 4), 0x5b], 0x16)
    // Counts down the rounds below the sum; then returns the sum.
    code.set([0x90, 0x60, 1, 0x90, 0x03, 0x90, 0x81, 0x60, 3, 0x57, 0x5f, 0x52], 0x1f)
    code.set([0x60, 32, 0x5f, 0xf3], 0x2b)
    // back, sum, value → sum, by a jump back.
    code.set([0x5b, 0x01, 0x90, 0x56], 0x30)
    const { halt, output } = await call(stateOf(code))
    assert.deepEqual([halt, toBigInt(output)], [undefined, 350n])
  })

  test('code of 24,576 bytes runs through, with the gas of each instruction', async () => {
    const code = new Uint8Array(24_576)
    // Counts up 8,000 times, with a push as long as there is.
    code.set([0x5f])
    for (let at = 1; at + 36 < code.length - 16; at += 35)
      code.set([0x7f, ...word(1), 0x01, 0x5b], at)
    const count = Math.floor((code.length - 16 - 1) / 35)
    const end = code.length - 8
    for (let at = 1 + count * 35; at < end; at += 1) code[at] = 0x5b
    code.set([0x5f, 0x52, 0x60, 32, 0x5f, 0xf3], end)
    const { halt, output, gasUsed } = await call(stateOf(code))
    const jumpdests = end - 1 - count * 35
    const gas = 21_000 + 32 * 4 + 2 + count * 7 + jumpdests + 2 + 6 + 3 + 2
    assert.deepEqual([halt, toBigInt(output), gasUsed], [undefined, BigInt(count), BigInt(gas)])
  })

  test('hundreds of creations within each other run, each with as much code as there may be', async () => {
    // Writes this code into memory and creates by it and zeros, 49,152 bytes together.
    const again = fromHex('0x385f5f39385f5ff0')
    const first = [0x67, ...again, 0x5f, 0x52, 0x61, 0xc0, 0x00, 0x60, 24, 0x5f, 0xf0]
    const state = stateOf(Uint8Array.from([...first, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3]))
    const { halt, output } = await call(state, zero, 1_000_000_000n)
    assert.equal(halt, undefined)
    assert.notEqual(toBigInt(output), 0n)
  })
})
