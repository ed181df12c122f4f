/** Starts chains whose validators can be changed, and waits for their sets. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { equalBytes } from '../../base/bytes.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import { keyAddress, type SigningKey } from '../../crypto/signatures.ts'
import type { DrivenChain } from '../chain-parts.ts'
import { checkFinality } from '../consensus/finality-proof.ts'
import { schemes } from '../consensus/schemes.ts'
import type { BftParameters, Manifest } from '../ledger/manifest.ts'
import { verifyChain } from '../verify-chain.ts'
import { registryTransaction } from './registry-calls.ts'
import { TestLinks } from './test-links.ts'
import { nodeFolder, startNode, votedManifest } from './voted-chain.ts'
import { until } from './waiting.ts'

/** Private keys of accounts. */
export const accounts = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(0x40 + byte))
/** Of these accounts. */
export const addresses = accounts.map(addressOfKey)
const [governor] = accounts as [Uint8Array]

/** Each of the accounts has ether, and operates one of the validators. */
export function governedManifest(
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

/** Whether this set signs the next block. */
export function isSetOf(chain: DrivenChain, expected: Expected): boolean {
  const { list } = chain.validatorsAt(chain.head().header.number + 1n) ?? { list: [] }
  return (
    list.length === expected.size &&
    [...expected].every(([key, weight]) => {
      const member = list.find(({ address }) => equalBytes(address, keyAddress(key)))
      return member?.weight === weight
    })
  )
}

/** A node for each list of keys. */
export async function startNodes(
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
    ...{ links, nodes },
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
