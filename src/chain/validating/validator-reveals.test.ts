/** Opens the hash chains of validators where a chain stands, and asks what they reveal. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { keccak256 } from '../../crypto/keccak.ts'
import { keyAddress, signingKey } from '../../crypto/signatures.ts'
import { type Derived, emptyDerived } from '../consensus/derived.ts'
import { hashChain, hashChainSecret, revealSeed } from '../consensus/randao.ts'
import { validatorSet } from '../consensus/validator-set.ts'
import { openReveals } from './validator-reveals.ts'

const chainId = 7n
const keySeed = new Uint8Array(32).fill(1)
const key = signingKey('ed25519', keySeed)
const own = { address: keyAddress(key), seed: revealSeed(keySeed) }
const chains = [0, 1, 2].map((number) => hashChain(hashChainSecret(own.seed, { chainId, number })))
const commitmentOf = (number: number) => chains[number]?.commitment as Uint8Array

/** A chain whose only validator it is, and what that is committed to. */
function committedTo(commitment: Uint8Array): Derived {
  const { scheme, publicKey } = key
  const validators = validatorSet([{ scheme, publicKey, weight: 1n, payTo: new Uint8Array(20) }])
  return { ...emptyDerived, validators, commitments: [commitment] }
}

describe('what a validator reveals', () => {
  test('hashes to what it is committed to, one hash after the other, also after it commits anew', async () => {
    const reveals = await openReveals([own], { chainId, derived: undefined })
    for (const number of [0, 1, 2]) {
      let commitment = commitmentOf(number)
      for (let times = 0; times < 3; times += 1) {
        const reveal = reveals.before(own.address, commitment)
        assert.ok(reveal)
        assert.deepEqual(keccak256(reveal), commitment)
        commitment = reveal
      }
    }
  })

  test('is found at once where its chain is not the first', async () => {
    const reveals = await openReveals([own], { chainId, derived: committedTo(commitmentOf(2)) })
    assert.ok(reveals.before(own.address, commitmentOf(2)))
    assert.ok(reveals.before(own.address, commitmentOf(0)))
  })

  test('is nothing for a commitment of somebody else, however often it is asked for', async () => {
    const reveals = await openReveals([own], { chainId, derived: committedTo(new Uint8Array(32)) })
    const strange = new Uint8Array(32).fill(9)
    for (let times = 0; times < 300; times += 1) {
      assert.equal(reveals.before(own.address, strange), undefined)
    }
    assert.equal(reveals.before(new Uint8Array(20), commitmentOf(0)), undefined)
    assert.ok(reveals.before(own.address, commitmentOf(0)))
  })

  test('is another on another chain', async () => {
    const reveals = await openReveals([own], { chainId: 8n, derived: undefined })
    assert.equal(reveals.before(own.address, commitmentOf(0)), undefined)
  })
})
