/** Checks proofs of finality over changes of the validators, and that nothing can be altered in one. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type SigningKey, signingKey } from '../../crypto/signatures.ts'
import {
  checkFinality,
  decodeFinality,
  encodeFinality,
  type FinalityProof,
  maxFinalityBytes,
  proveFinality,
} from './finality-proof.ts'
import { schemes } from './schemes.ts'
import { certifiedChain, keysOf } from './test-certified/certified-chain.ts'

const ed25519 = (...seeds: readonly number[]) => keysOf('ed25519', seeds)
const mixed: readonly SigningKey[] = [
  signingKey('ed25519', new Uint8Array(32).fill(1)),
  signingKey('ml-dsa-65', new Uint8Array(32).fill(2)),
  signingKey('secp256k1', new Uint8Array(32).fill(3)),
]

/** The last block of a proof, by its number, or why there is none. */
function shown(proof: FinalityProof, trusted: Parameters<typeof checkFinality>[1]) {
  const verdict = checkFinality(proof, trusted, schemes)
  return verdict.kind === 'valid' ? verdict.header.number : verdict.detail
}

describe('a proof of finality', () => {
  test('is one step over any distance while the validators stay', () => {
    const chain = certifiedChain(Array.from({ length: 41 }, () => ed25519(1, 2, 3, 4)))
    const proof = proveFinality(chain, { from: 0n, to: 40n })
    assert.equal(proof?.steps.length, 1)
    assert.equal(shown(proof as FinalityProof, chain.trusted(0n)), 40n)
    const later = proveFinality(chain, { from: 7n, to: 9n }) as FinalityProof
    assert.equal(shown(later, chain.trusted(7n)), 9n)
    assert.match(String(shown(later, chain.trusted(8n))), /does not begin with the trusted block/)
  })

  test('has a step for each change of them, also of one that is taken back', () => {
    const sets = [
      ...Array.from({ length: 10 }, () => ed25519(1, 2, 3, 4)),
      ...Array.from({ length: 7 }, () => ed25519(2, 3, 4, 5)),
      ...Array.from({ length: 3 }, () => ed25519(7, 8, 9)),
      ...Array.from({ length: 11 }, () => ed25519(1, 2, 3, 4)),
    ]
    const chain = certifiedChain(sets)
    for (let to = 0n; to < 31n; to += 1n) {
      const proof = proveFinality(chain, { from: 0n, to }) as FinalityProof
      assert.equal(shown(proof, chain.trusted(0n)), to)
      assert.deepEqual(decodeFinality(encodeFinality(proof)), proof)
    }
    const whole = proveFinality(chain, { from: 0n, to: 19n }) as FinalityProof
    const [, ...rest] = whole.steps
    assert.match(
      String(shown({ ...whole, steps: rest }, chain.trusted(0n))),
      /not the one that the header before it names/,
    )
    const reversed = { ...whole, steps: whole.steps.toReversed() }
    assert.notEqual(checkFinality(reversed, chain.trusted(0n), schemes).kind, 'valid')
  })

  test('of many changes ends early, and the next one goes on from its last header', () => {
    const keys = keysOf('ml-dsa-65', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
    const chain = certifiedChain(Array.from({ length: 33 }, (_, at) => keys.slice(at / 3)))
    let [from, pages] = [0n, 0]
    while (from < 32n) {
      const proof = proveFinality(chain, { from, to: 32n }) as FinalityProof
      assert.ok(encodeFinality(proof).length <= maxFinalityBytes)
      const reached = shown(proof, chain.trusted(from))
      assert.ok(typeof reached === 'bigint' && reached > from)
      from = reached
      pages += 1
    }
    assert.ok(pages > 1)
  })

  test('is none where a certificate or a block is missing, or on another chain', () => {
    const chain = certifiedChain(Array.from({ length: 10 }, () => ed25519(1, 2, 3, 4)))
    const without = { ...chain, certificate: () => undefined }
    assert.equal(proveFinality(without, { from: 0n, to: 9n }), undefined)
    assert.equal(proveFinality(chain, { from: 0n, to: 12n }), undefined)
    const proof = proveFinality(chain, { from: 0n, to: 9n }) as FinalityProof
    const trusted = { ...chain.trusted(0n), chainKey: new Uint8Array(32).fill(9) }
    assert.match(String(shown(proof, trusted)), /signature|not good/)
  })

  test('does not hold with two thirds of the weight, only with more', () => {
    const keys = ed25519(1, 2, 3)
    const few = certifiedChain([keys, keys], { signers: 2 })
    const proof = proveFinality(few, { from: 0n, to: 1n }) as FinalityProof
    assert.match(String(shown(proof, few.trusted(0n))), /2 of 3 have signed/)
  })

  test('does not hold with any bit of it flipped', () => {
    const small = [...ed25519(1, 2), ...keysOf('secp256k1', [3])]
    const chain = certifiedChain([ed25519(5), small])
    const bytes = encodeFinality(proveFinality(chain, { from: 0n, to: 1n }) as FinalityProof)
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      assert.ok(!proves(flipped(bytes, bit), chain.trusted(0n)), `bit ${bit}`)
    }
    const verdict = checkFinality(decodeFinality(bytes), chain.trusted(0n), schemes)
    assert.deepEqual(verdict.kind === 'valid' && verdict.hash, chain.trusted(1n).hash)
  })

  test('by all schemes does not hold with a bit of any byte flipped', () => {
    const chain = certifiedChain([mixed, mixed])
    const bytes = encodeFinality(proveFinality(chain, { from: 0n, to: 1n }) as FinalityProof)
    assert.ok(proves(bytes, chain.trusted(0n)))
    for (let at = 0; at < bytes.length; at += 1) {
      assert.ok(!proves(flipped(bytes, at * 8 + (at % 8)), chain.trusted(0n)), `byte ${at}`)
    }
  })
})

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const altered = bytes.slice()
  altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
  return altered
}

function proves(bytes: Uint8Array, trusted: Parameters<typeof checkFinality>[1]): boolean {
  try {
    return checkFinality(decodeFinality(bytes), trusted, schemes).kind === 'valid'
  } catch (error) {
    assert.match((error as { readonly code?: string }).code ?? '', /^(ledger|consensus|crypto)\//)
    return false
  }
}
