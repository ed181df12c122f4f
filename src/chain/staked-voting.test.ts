/** Lets nodes of one process hold chains of stakes and delegates by real votes: who comes in signs and proposes, and all of it verifies. */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { encodeFunctionData } from 'viem'
import { delegatesAbi } from '../abi/delegates.gen.ts'
import { stakingAbi } from '../abi/staking.gen.ts'
import { equalBytes, fromHex, toHex } from '../base/bytes.ts'
import type { DrivenChain } from './chain-parts.ts'
import { contractAddresses } from './consensus/contract-layout.ts'
import { hashChain } from './consensus/randao.ts'
import { decodeRecord } from './consensus/record.ts'
import type { Manifest } from './ledger/manifest.ts'
import { chainKey } from './ledger/manifest-codec.ts'
import { encodeTransaction } from './ledger/transaction-codec.ts'
import {
  accountOf,
  payToOf,
  provenKey,
  secretOf,
  signedCall,
  stakedManifest,
  validatorKey,
  validatorOf,
  type WorldCall,
  worldRevealSeed,
} from './test-chain/staked-world.ts'
import { TestLinks } from './test-chain/test-links.ts'
import { nodeFolder, startNode } from './test-chain/voted-chain.ts'
import { reached } from './test-chain/waiting.ts'
import { verifyChain } from './verify-chain.ts'

const ether = 10n ** 18n
const founders = [1, 2, 3, 4]
const ownedKey = (number: number) => {
  const { scheme, publicKey } = validatorKey(number)
  return {
    ...{ scheme, publicKey: toHex(publicKey), owner: toHex(accountOf(number)) },
    payTo: toHex(payToOf(number)),
  }
}
const commitmentOf = (number: number) => toHex(hashChain(secretOf(number)).commitment)

/** Nodes of validators 1 to 4, and of one more that nobody has elected yet. */
async function startAll(t: TestContext, manifest: Manifest) {
  const links = new TestLinks()
  const places = await Promise.all(
    [...founders, 5].map(async (number) => ({
      ...{ name: `node-${number}`, folder: await nodeFolder(t), manifest },
      ...{ keys: [validatorKey(number)], revealSeeds: [worldRevealSeed(number)] },
    })),
  )
  const nodes: DrivenChain[] = []
  for (const place of places) nodes.push(await startNode(links, place))
  t.after(() => Promise.all(nodes.map((one) => one.stop())))
  const nonces = new Map<number, bigint>()
  const node = (number: number) => nodes[number - 1] as DrivenChain
  return {
    nodes,
    node,
    async send(call: WorldCall & { readonly to: Uint8Array }): Promise<void> {
      const nonce = nonces.get(call.from) ?? 0n
      nonces.set(call.from, nonce + 1n)
      await node(1).submit(encodeTransaction(signedCall(call, nonce)))
    },
    async restart(number: number): Promise<void> {
      await node(number).stop()
      nodes[number - 1] = await startNode(links, places[number - 1] as (typeof places)[number])
    },
    /** All have the same blocks up to a height, and running the blocks of one again gives what it has stored. */
    async agree(height: bigint): Promise<void> {
      await Promise.all(nodes.map((one) => reached(one, height)))
      for (let number = 1n; number <= height; number += 1n) {
        const hashes = nodes.map((one) => one.byNumber(number)?.block.hash.toHex())
        assert.equal(new Set(hashes).size, 1, `height ${number}`)
      }
      await Promise.all(nodes.map((one) => one.stop()))
      const { folder } = places[4] as (typeof places)[number]
      const verified = await verifyChain({ manifest, folder, run: true })
      assert.deepEqual(verified.faults, [])
      assert.ok(verified.blocks >= Number(height))
    },
  }
}

/** Blocks up to a height that a validator has proposed. */
function proposedBy(chain: DrivenChain, number: number) {
  const { header } = chain.head()
  const heights = Array.from({ length: Number(header.number) }, (_, at) => BigInt(at + 1))
  return heights.flatMap((height) => {
    const block = chain.byNumber(height)?.block
    return block && equalBytes(block.header.beneficiary, payToOf(number)) ? [block] : []
  })
}

/** The height of the block that holds the n-th transaction of a chain, when it is there. */
async function blockOf(chain: DrivenChain, count: number): Promise<bigint> {
  let seen = 0
  for (let height = 1n; ; height += 1n) {
    await reached(chain, height)
    seen += chain.byNumber(height)?.block.transactions.length ?? 0
    if (seen >= count) return height
  }
}

describe('nodes of a chain', { concurrency: 2 }, () => {
  test('of stakes take in who deposits, who reveals and proposes from then on, also after a restart', async (t) => {
    const validators = founders.map((number) => {
      return {
        ...ownedKey(number),
        stakeWei: String(40n * ether),
        commitment: commitmentOf(number),
      }
    })
    const manifest = stakedManifest({
      ...{ engine: 'pos', validators, epochLength: 3, unbondingSeconds: 10 },
      issuanceWei: String(ether),
    })
    const { node, send, restart, agree } = await startAll(t, manifest)
    const key = provenKey(validatorKey(5), { chain: chainKey(manifest), owner: accountOf(5) })
    const args = [key, toHex(payToOf(5)), commitmentOf(5), 0]
    const data = fromHex(
      encodeFunctionData({ abi: stakingAbi, functionName: 'deposit', args } as never),
    )
    const [from, to, valueWei] = [5, contractAddresses.staking, 50n * ether]
    await send({ from, to, data, valueWei })
    const isIn = () =>
      node(2)
        .derivedAt(node(2).head().header.number)
        ?.validators.list.some(({ address }) => {
          return equalBytes(address, validatorOf(5))
        })
    while (!isIn()) await reached(node(2), node(2).head().header.number + 1n)
    await restart(3)
    const height = node(2).head().header.number
    while (proposedBy(node(2), 5).length < 2 || proposedBy(node(2), 3).length === 0) {
      await reached(node(2), node(2).head().header.number + 1n)
      assert.ok(node(2).head().header.number < height + 40n, 'it never has a turn')
    }
    for (const { record } of proposedBy(node(2), 5)) {
      assert.equal(decodeRecord(record as Uint8Array).reveal.length, 32)
    }
    await agree(node(2).head().header.number)
  })

  test('of delegates take in who is voted for, in its round', async (t) => {
    const validators = founders.map((number) => {
      return { ...ownedKey(number), name: `delegate ${number}`, ownVotesWei: String(ether) }
    })
    const manifest = stakedManifest({
      ...{ engine: 'dpos', validators, active: 4, standby: 0, registrationFeeWei: '0' },
      ...{ unlockSeconds: 10, ownUnlockSeconds: 20, issuanceWei: String(ether) },
    })
    const { node, send, agree } = await startAll(t, manifest)
    const key = provenKey(validatorKey(5), { chain: chainKey(manifest), owner: accountOf(5) })
    const name = toHex(new Uint8Array(32).fill(5))
    const to = contractAddresses.delegates
    const call = (functionName: string, args: readonly unknown[]) =>
      fromHex(encodeFunctionData({ abi: delegatesAbi, functionName, args } as never))
    await send({ from: 5, to, data: call('registerDelegate', [name, key, toHex(payToOf(5)), 0]) })
    await reached(node(1), 2n)
    const valueWei = 5n * ether
    await send({ from: 5, to, data: call('vote', [toHex(validatorOf(5))]), valueWei })
    const votedIn = await blockOf(node(2), 2)
    // Votes of round 0, which are in the blocks 1 to 4, elect for round 2, which begins with block 9.
    const round = (votedIn - 1n) / 4n
    const first = (round + 2n) * 4n + 1n
    await reached(node(2), first + 3n)
    // Who is too slow in its turn has another in the next round.
    while (proposedBy(node(2), 5).length === 0) {
      await reached(node(2), node(2).head().header.number + 1n)
      assert.ok(node(2).head().header.number < first + 40n, 'it never has a turn')
    }
    assert.ok(proposedBy(node(2), 5).every(({ header }) => header.number >= first))
    const ofRound = [0n, 1n, 2n, 3n].flatMap((at) => node(2).byNumber(first + at)?.block ?? [])
    const inTime = ofRound.filter(({ record }) => record && decodeRecord(record).round === 0)
    const proposers = inTime.map(({ header }) => toHex(header.beneficiary))
    assert.equal(new Set(proposers).size, proposers.length, 'each has one turn in a round')
    assert.equal(node(2).derivedAt(first)?.validators.list.length, 4)
    await agree(node(2).head().header.number)
  })
})
