/** Runs public vectors of the schemes that validators and nodes sign by: Ed25519 and ML-DSA-65. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSignature, type SignatureScheme, signingKey } from '../../src/crypto/signatures.ts'
import { skipVectors, vectorJson } from './vectors.ts'

interface Case {
  readonly tcId: number
  readonly msg?: string
  /** Context string of ML-DSA; ours is empty. */
  readonly ctx?: string
  readonly sig: string
  readonly result: 'valid' | 'invalid'
}

interface Group {
  readonly publicKey: string | { readonly pk: string } | null
  readonly privateSeed?: string
  readonly tests: readonly Case[]
}

interface AcvpGroup {
  readonly parameterSet: string
  readonly signatureInterface?: string
  readonly preHash?: string
  readonly tests: readonly Readonly<Record<string, string>>[]
}

const bytesOf = (hex = '') => Uint8Array.fromHex(hex)
const groupsOf = async (name: string) =>
  (await vectorJson<{ testGroups: readonly Group[] }>('pq/wycheproof', `${name}_test.json`))
    .testGroups
const acvp = async (name: string) =>
  (await vectorJson<{ testGroups: readonly AcvpGroup[] }>('pq/acvp', `${name}.json`)).testGroups
const keyText = ({ publicKey }: Group) =>
  (typeof publicKey === 'string' ? publicKey : publicKey?.pk) ?? ''

/** Verifies each case; a signature under a context is one that we must refuse. */
async function verifyAll(scheme: SignatureScheme, name: string) {
  const counts = { right: 0, wrong: 0, underContext: 0 }
  for (const group of await groupsOf(name)) {
    const key = { scheme, publicKey: bytesOf(keyText(group)) }
    for (const { tcId, msg, ctx = '', sig, result } of group.tests) {
      const isRight = result === 'valid' && ctx === ''
      assert.equal(isSignature(key, bytesOf(msg), bytesOf(sig)), isRight, `${name} ${tcId}`)
      if (isRight) counts.right += 1
      else if (result === 'valid') counts.underContext += 1
      else counts.wrong += 1
    }
  }
  return counts
}

describe('signatures', { skip: skipVectors() }, () => {
  test('Wycheproof: 210 signatures of ML-DSA-65 and 151 of Ed25519 are judged right', async () => {
    assert.deepEqual(await verifyAll('ml-dsa-65', 'mldsa_65_verify'), {
      right: 77,
      wrong: 131,
      underContext: 2,
    })
    assert.deepEqual(await verifyAll('ed25519', 'ed25519'), {
      right: 88,
      wrong: 63,
      underContext: 0,
    })
  })

  test('Wycheproof: 39 seeds of ML-DSA-65 give their keys, and 80 signatures with them hold', async () => {
    let [seeds, signatures] = [0, 0]
    for (const group of await groupsOf('mldsa_65_sign_seed')) {
      const seed = bytesOf(group.privateSeed)
      if (seed.length !== 32) {
        assert.throws(() => signingKey('ml-dsa-65', seed), { code: 'crypto/bad-key' })
        continue
      }
      const key = signingKey('ml-dsa-65', seed)
      assert.equal(key.publicKey.toHex(), keyText(group))
      seeds += 1
      for (const { tcId, msg, ctx, sig, result } of group.tests) {
        if (result !== 'valid' || ctx !== undefined || msg === undefined) continue
        assert.ok(isSignature(key, bytesOf(msg), bytesOf(sig)), `${tcId}`)
        signatures += 1
      }
    }
    assert.deepEqual({ seeds, signatures }, { seeds: 39, signatures: 80 })
  })

  test('ACVP: 25 seeds of ML-DSA-65 give their public keys', async () => {
    const [group] = (await acvp('ml-dsa-keygen')).filter((one) => one.parameterSet === 'ML-DSA-65')
    for (const { seed, pk } of group?.tests ?? []) {
      assert.equal(signingKey('ml-dsa-65', bytesOf(seed)).publicKey.toHex(), pk?.toLowerCase())
    }
    assert.equal(group?.tests.length, 25)
  })
})
