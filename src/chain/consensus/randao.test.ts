/** Reveals hash chains, and tries to reveal what is not due. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concat, keccak256, stringToBytes } from 'viem'
import { hashChain, revealed } from './randao.ts'

const hash = (byte: number) => new Uint8Array(32).fill(byte)
const beneficiary = new Uint8Array(20).fill(9)
const keccak = (...parts: readonly Uint8Array[]) => keccak256(concat(parts), 'bytes')

describe('a hash chain', () => {
  test('is revealed whole, from its commitment down to the secret, and no further', () => {
    for (const hashes of [1, 255, 256, 257, 1_000]) {
      const chain = hashChain(hash(1), hashes)
      let commitment = chain.commitment
      for (let left = hashes; left > 0; left -= 1) {
        const reveal = chain.before(commitment)
        assert.ok(reveal, `${left} of ${hashes}`)
        assert.deepEqual(keccak(reveal), commitment)
        commitment = reveal
      }
      assert.deepEqual(commitment, hash(1))
      assert.equal(chain.before(commitment), undefined)
      assert.ok(chain.before(chain.commitment), 'it can be asked again, as after a restart')
    }
  })

  test('reveals nothing for another commitment', () => {
    assert.equal(hashChain(hash(1), 300).before(hashChain(hash(2), 300).commitment), undefined)
  })
})

describe('a reveal', () => {
  const chain = hashChain(hash(1), 10)
  const due = chain.before(chain.commitment) as Uint8Array
  const mix = hash(7)

  test('that is due goes into the mix and is the next commitment', () => {
    const after = revealed({ mix, commitment: chain.commitment, reveal: due, beneficiary })
    assert.deepEqual(after, {
      mix: keccak(stringToBytes('QS/mix/pos/1'), mix, due),
      commitment: due,
    })
  })

  test('is good once: the same, an earlier and a later one are refused', () => {
    const later = chain.before(due) as Uint8Array
    for (const [commitment, reveal] of [
      [due, due],
      [later, due],
      [chain.commitment, later],
      [chain.commitment, new Uint8Array()],
      [chain.commitment, due.subarray(1)],
    ] as const) {
      assert.equal(revealed({ mix, commitment, reveal, beneficiary }), undefined)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (reveal) => {
        const { commitment } = chain
        assert.equal(revealed({ mix, commitment, reveal, beneficiary }), undefined)
      }),
    )
  })

  test('is empty for who is committed to nothing; the mix goes on with the address', () => {
    const commitment = hash(0)
    const reveal = new Uint8Array()
    assert.deepEqual(revealed({ mix, commitment, reveal, beneficiary }), {
      mix: keccak(stringToBytes('QS/mix/pos/1'), mix, hash(0), beneficiary),
      commitment,
    })
    assert.equal(revealed({ mix, commitment, reveal: hash(0), beneficiary }), undefined)
  })
})
