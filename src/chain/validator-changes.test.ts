/** Changes who validates a chain while it goes on: by its owner, by its members, and by keys that follow one another. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { equalBytes } from '../base/bytes.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import { keyAddress, type SigningKey, signingKey } from '../crypto/signatures.ts'
import type { DrivenChain } from './chain-parts.ts'
import { checkFinality } from './consensus/finality-proof.ts'
import { schemes } from './consensus/schemes.ts'
import type { BftParameters, Manifest } from './ledger/manifest.ts'
import { registryCalls, registryTransaction } from './test-chain/registry-calls.ts'
import { TestLinks } from './test-chain/test-links.ts'
import { nodeFolder, startNode, validatorKeys, votedManifest } from './test-chain/voted-chain.ts'
import { verifyChain } from './verify-chain.ts'

/** Private keys of accounts. */
const accounts = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(0x40 + byte))
const addresses = accounts.map(addressOfKey)
const [governor] = accounts as [Uint8Array]

/** Each of the accounts has ether, and operates one of the validators. */
function governedManifest(
  keys: readonly SigningKey[],
  owner: BftParameters['owner'],
): Manifest & { readonly consensus: BftParameters } {
  const manifest = votedManifest(addresses[0] as Uint8Array, keys)
  const consensus = manifest.consensus as BftParameters
  const validators = consensus.validators.map((one, at) => ({
    ...{ ...one, owner: addresses[at] ?? one.owner },
  }))
  const rich = addresses.map((address) => ({
    ...{ address, balance: 10n ** 20n, nonce: 0n, code: new Uint8Array(), storage: [] },
  }))
  return {
    ...{ ...manifest, consensus: { ...consensus, owner, validators } },
    genesis: { ...manifest.genesis, accounts: rich },
  }
}

/** A set, by the addresses and weights of its members. */
type Expected = ReadonlyMap<SigningKey, bigint>

function isSetOf(chain: DrivenChain, expected: Expected): boolean {
  const { list } = chain.validatorsAt(chain.head().header.number + 1n) ?? { list: [] }
  return (
    list.length === expected.size &&
    [...expected].every(([key, weight]) => {
      const member = list.find(({ address }) => equalBytes(address, keyAddress(key)))
      return member?.weight === weight
    })
  )
}

/** Resolves once this holds of a chain's head. */
function until(chain: DrivenChain, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return
      stop()
      resolve()
    }
    const stop = chain.subscribe(look)
    look()
  })
}

async function startNodes(
  t: TestContext,
  manifest: Manifest,
  keys: readonly (readonly SigningKey[])[],
) {
  const links = new TestLinks()
  const folders: string[] = []
  const nodes: DrivenChain[] = []
  for (const [at, own] of keys.entries()) {
    const folder = await nodeFolder(t)
    folders.push(folder)
    nodes.push(await startNode(links, { name: `node-${at}`, folder, manifest, keys: own }))
  }
  t.after(() => Promise.all(nodes.map((one) => one.stop())))
  const first = nodes[0] as DrivenChain
  let nonce = 0n
  return {
    links,
    first,
    /** Has the governor make changes. */
    async change(...calls: readonly Uint8Array[]) {
      for (const data of calls) {
        await first.submit(registryTransaction(governor, { nonce, data, chainId: 7n }))
        nonce += 1n
      }
    },
    /** Resolves once all nodes sign by this set, and have gone on with it. */
    async agreed(expected: Expected) {
      await until(first, () => isSetOf(first, expected))
      const { number } = first.head().header
      await Promise.all(
        nodes.map((one) => until(one, () => one.head().header.number >= number + 1n)),
      )
    },
    /** Has everything checked that was decided. */
    async verified() {
      const { header, hash } = first.head()
      const proof = first.finalityProof(0n, header.number)
      const trusted = { chainKey: first.key, number: 0n, hash: first.blockHash(0n) as Uint8Array }
      const verdict = proof && checkFinality(proof, trusted, schemes)
      if (verdict?.kind !== 'valid') assert.fail(verdict?.detail)
      assert.deepEqual(verdict.hash, hash)
      await first.stop()
      const found = await verifyChain({ manifest, folder: folders[0] as string, run: true })
      assert.deepEqual(found.faults, [])
    },
  }
}

describe('validators of a chain that goes on', () => {
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
