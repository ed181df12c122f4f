/** Compares hashes and signatures of structured data with the public vectors of EIP-712. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, type Hex, toBigInt, toHex } from '../../src/base/bytes.ts'
import { signHash } from '../../src/crypto/secp256k1.ts'
import { type TypedData, typedDataHash } from '../../src/crypto/typed-data.ts'
import { skipVectors, vectorJson } from './vectors.ts'

interface Vector extends Omit<TypedData, 'message'> {
  readonly name: string
  readonly data: TypedData['message']
  readonly digest: Hex
  readonly privateKey?: Hex
  readonly signature?: Hex
}

test('all public cases of typed data have their digest, and those with a key their signature', {
  skip: skipVectors(),
}, async () => {
  const vectors = await vectorJson<readonly Vector[]>('wallet', 'ethers/typed-data.json')
  let signed = 0
  for (const { name, data, digest, privateKey, signature, ...rest } of vectors) {
    const hash = typedDataHash({ ...rest, message: data })
    assert.equal(toHex(hash), digest, name)
    if (!privateKey || !signature) continue
    const { r, s } = signHash(hash, fromHex(privateKey))
    assert.deepEqual(
      [r, s],
      [toBigInt(fromHex(signature).subarray(0, 32)), toBigInt(fromHex(signature).subarray(32, 64))],
    )
    signed += 1
  }
  assert.equal(vectors.length, 130)
  assert.ok(signed > 0)
})
