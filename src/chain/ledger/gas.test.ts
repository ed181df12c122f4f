/** Checks prices and bounds of gas against numbers worked out from the EIPs. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextBaseFee } from './base-fee.ts'
import { hardforks, isAtLeast, rulesOf } from './fork-rules.ts'
import { knownGas } from './intrinsic-gas.ts'

const osaka = rulesOf('osaka')

const to = new Uint8Array(20)
const data = (zeros: number, others: number) => new Uint8Array(zeros + others).fill(1, 0, others)

test('creation pays for every word of its code that is begun (EIP-3860)', () => {
  const price = (bytes: number) =>
    knownGas({ to: undefined, data: data(0, bytes) }, osaka).intrinsic
  assert.equal(price(0), 53_000n)
  assert.equal(price(32), 53_000n + 512n + 2n)
  assert.equal(price(33), 53_000n + 528n + 4n)
})

test('access lists and delegations are paid by the entry (EIP-2930, EIP-7702)', () => {
  const entry = (slots: number) => ({ address: to, slots: Array(slots).fill(1n) })
  assert.equal(
    knownGas({ to, data: data(0, 0), accessList: [entry(0), entry(3)] }, osaka).intrinsic,
    21_000n + 2n * 2_400n + 3n * 1_900n,
  )
  const one = { chainId: 0n, address: to, nonce: 0n, yParity: 0, r: 1n, s: 1n }
  assert.equal(
    knownGas({ to, data: data(0, 0), authorizations: [one, one] }, osaka).intrinsic,
    71_000n,
  )
})

test('the floor counts ten a token, four tokens a byte that is not zero, from Prague on (EIP-7623)', () => {
  assert.equal(knownGas({ to, data: data(3, 2) }, rulesOf('prague')).floor, 21_000n + 10n * 11n)
  assert.equal(knownGas({ to, data: data(3, 2) }, osaka).floor, 21_110n)
  assert.equal(knownGas({ to, data: data(3, 2) }, rulesOf('cancun')).floor, 0n)
})

test('each fork has what those before it changed, and a chain may change more', () => {
  assert.equal(osaka.numbers.txGasCap, 16_777_216)
  assert.equal(rulesOf('prague').numbers.txGasCap, 0)
  assert.equal(rulesOf('tangerine-whistle').numbers.txByte, 68)
  assert.equal(rulesOf('london').numbers.sstoreReset, 2_900)
  assert.equal(osaka.blobs?.max, 9)
  assert.equal(rulesOf('shanghai').blobs, undefined)
  const own = rulesOf('osaka', { changes: { codeLimit: 49_152 } })
  assert.deepEqual([own.numbers.codeLimit, own.numbers.coldSlot], [49_152, 2_100])
})

test('rule sets come one after the other', () => {
  for (const [at, fork] of hardforks.entries()) {
    for (const [other, past] of hardforks.entries())
      assert.equal(isAtLeast(fork, past), at >= other, `${fork} ${past}`)
  }
})

test('the base fee moves by an eighth at most, towards where the gas was, and never below zero', () => {
  const anyParent = fc
    .record({
      baseFeePerGas: fc.bigInt({ min: 0n, max: 10n ** 15n }),
      // Even, since the target of an odd limit is rounded down, which lets the step pass an eighth.
      gasLimit: fc.bigInt({ min: 2_500n, max: 10n ** 9n }).map((half) => half * 2n),
      used: fc.bigInt({ min: 0n, max: 10_000n }),
    })
    .map(({ baseFeePerGas, gasLimit, used }) => ({
      ...{ baseFeePerGas, gasLimit, gasUsed: (gasLimit * used) / 10_000n },
    }))
  fc.assert(
    fc.property(anyParent, (parent) => {
      const { baseFeePerGas: fee, gasLimit, gasUsed } = parent
      const next = nextBaseFee(parent)
      const step = next > fee ? next - fee : fee - next
      assert.ok(next >= 0n && (step <= fee / 8n || step === 1n))
      if (gasUsed > gasLimit / 2n) assert.ok(next > fee)
      if (gasUsed < gasLimit / 2n) assert.ok(next <= fee)
    }),
  )
})
