/** Changes who validates a chain while it goes on: by its owner, by its members, and by keys that follow one another. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type SigningKey, signingKey } from '../crypto/signatures.ts'
import {
  accounts,
  addresses,
  governedManifest,
  isSetOf,
  startNodes,
} from './test-chain/governed-chain.ts'
import { registryCalls, registryTransaction } from './test-chain/registry-calls.ts'
import { validatorKeys } from './test-chain/voted-chain.ts'
import { until } from './test-chain/waiting.ts'

describe('validators of a chain that goes on', { concurrency: true }, () => {
  test('the owner adds one, weighs one, has one sign by another key, and removes one', async (t) => {
    const keys = validatorKeys(4)
    const [a, b, c, d] = keys as [SigningKey, SigningKey, SigningKey, SigningKey]
    const [fifth, next] = [0x21, 0x22].map((byte) =>
      signingKey('ml-dsa-65', new Uint8Array(32).fill(byte)),
    ) as [SigningKey, SigningKey]
    const manifest = governedManifest(keys, addresses[0] as Uint8Array)
    const { first, change, agreed, verified, links } = await startNodes(t, manifest, [
      ...[[a], [b, next], [c], [d], [fifth]],
    ])
    await change(registryCalls.add(fifth, addresses[3] as Uint8Array, 2n))
    await agreed(new Map([a, b, c, d, fifth].map((key) => [key, key === fifth ? 2n : 1n])))
    // Six of weight: without one of them and the fifth there is no quorum.
    links.away.add('node-2')
    const { number } = first.head().header
    await until(first, () => first.head().header.number >= number + 2n)
    links.away.delete('node-2')
    await change(registryCalls.rotateKey(b, next), registryCalls.setWeight(c, 3n))
    const rotated = new Map([a, next, c, d, fifth].map((key) => [key, 1n]))
    await agreed(rotated.set(fifth, 2n).set(c, 3n))
    await change(registryCalls.remove(d), registryCalls.setWeight(fifth, 1n))
    await agreed(new Map([a, next, c, fifth].map((key) => [key, key === c ? 3n : 1n])))
    await verified()
  })

  test('over two thirds of the members change the set, and fewer do not', async (t) => {
    const keys = validatorKeys(4)
    const manifest = governedManifest(keys, 'members')
    const { first, agreed, verified } = await startNodes(
      t,
      manifest,
      keys.map((key) => [key]),
    )
    const [a, b, c, d] = keys as [SigningKey, SigningKey, SigningKey, SigningKey]
    const approve = (at: number) => {
      const data = registryCalls.approve(registryCalls.remove(d))
      const account = accounts[at] as Uint8Array
      return first.submit(registryTransaction(account, { nonce: 0n, data, chainId: 7n }))
    }
    await Promise.all([approve(0), approve(1)])
    const { number } = first.head().header
    await until(first, () => first.head().header.number >= number + 4n)
    assert.ok(isSetOf(first, new Map(keys.map((key) => [key, 1n]))))
    await approve(2)
    await agreed(new Map([a, b, c].map((key) => [key, 1n])))
    await verified()
  })
})
