/** Forks chains that are voted on: what is refused, and how validators go on by the engine bft. */

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeFunctionData } from 'viem'
import { stakingAbi } from '../abi/staking.gen.ts'
import { fromHex, toBigInt, toHex } from '../base/bytes.ts'
import { keyAddress } from '../crypto/signatures.ts'
import type { DrivenChain } from './chain-parts.ts'
import { contractAddresses } from './consensus/contract-layout.ts'
import { hashChain } from './consensus/randao.ts'
import { word } from './consensus/solidity-storage.ts'
import { readCandidates } from './consensus/staked-reader.ts'
import type { Manifest } from './ledger/manifest.ts'
import { encodeTransaction } from './ledger/transaction-codec.ts'
import { chainOf, openSet, sender, senderKey } from './test-chain/open-set.ts'
import { registryCalls, registryTransaction } from './test-chain/registry-calls.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'
import {
  accountOf,
  payToOf,
  secretOf,
  signedCall,
  stakedManifest,
  validatorKey,
  validatorOf,
  worldRevealSeed,
} from './test-chain/staked-world.ts'
import { votedManifest } from './test-chain/voted-chain.ts'
import { reached } from './test-chain/waiting.ts'

const ether = 10n ** 18n
const wish = { name: 'fork', chainId: 8n }
const bft = { engine: 'bft', blockTimeMs: 1_000 }

const founder = (number: number) => {
  const { scheme, publicKey } = validatorKey(number)
  const [owner, payTo] = [toHex(accountOf(number)), toHex(payToOf(number))]
  return { scheme, publicKey: toHex(publicKey), owner, payTo }
}

const stakes = () => {
  const commitment = toHex(hashChain(secretOf(1)).commitment)
  const validators = [{ ...founder(1), stakeWei: String(40n * ether), commitment }]
  return stakedManifest({ engine: 'pos', blockTimeMs: 1_000, validators })
}

const delegates = () => {
  const names = [1, 2, 3, 4]
  const validators = names.map((number) => {
    return { ...founder(number), name: `d${number}`, ownVotesWei: String(ether) }
  })
  return stakedManifest({ engine: 'dpos', blockTimeMs: 1_000, validators })
}

/** A set that stands on a chain, each chain of which its first validator signs by a guard of its own. */
async function open(t: TestContext, first: Manifest) {
  const folder = await temporaryFolder(t)
  const guards = await temporaryFolder(t)
  const opened = await openSet(folder, first, {
    validatorsOf: ({ name }) => [
      {
        ...{ key: validatorKey(1), guardFile: path.join(guards, name) },
        revealSeed: worldRevealSeed(1),
      },
    ],
  })
  t.after(() => opened.set.end())
  return { folder, ...opened }
}

for (const [engine, manifestOf] of Object.entries({ pos: stakes, dpos: delegates })) {
  test(`a chain by ${engine} is not forked into one, and it is said how it can be`, async (t) => {
    const { set, folder, first } = await open(t, manifestOf())
    const refusal = { code: 'chain/fork-engine', message: /fork it by the engine bft/ }
    await assert.rejects(set.fork('stakes', wish), refusal)
    await assert.rejects(set.fork('stakes', { ...wish, consensus: { engine } }), refusal)
    await set.fork('stakes', { ...wish, consensus: bft }, { isStill: true })
    await set.start('fork')
    const { parent } = chainOf(set, 'fork').manifest
    const byHand = { ...first.manifest, name: 'by-hand', chainId: 9n, ...(parent && { parent }) }
    await assert.rejects(set.bang(byHand), refusal)
    assert.deepEqual((await readdir(folder)).sort(), ['fork', 'stakes'])
  })
}

test('validators by stake go on by their weight at the block, on the state after it', async (t) => {
  const { set, first } = await open(t, stakes())
  await reached(first, 2n)
  await set.fork('stakes', { ...wish, number: 1n, consensus: bft })
  const fork = chainOf(set, 'fork')
  const { consensus } = fork.manifest
  assert.ok(consensus.engine === 'bft')
  assert.deepEqual(
    consensus.validators.map(({ publicKey, weight }) => [toHex(publicKey), weight]),
    [[toHex(validatorKey(1).publicKey), 40n * 10n ** 9n]],
  )
  assert.equal(consensus.owner, 'nobody')
  await reached(fork, 1n)
  // The stake is where it was; what its owner takes out here stays there.
  const data = encodeFunctionData({
    ...{ abi: stakingAbi, functionName: 'removeStake' },
    args: [toHex(validatorOf(1)), 10n * ether],
  })
  const leaving = { from: 1, to: contractAddresses.staking, data: fromHex(data) }
  await fork.submit(encodeTransaction(signedCall(leaving, 0n, 8n)))
  await reached(fork, fork.head().header.number + 2n)
  assert.deepEqual([first, fork].map(weightOf), [40n * 10n ** 9n, 30n * 10n ** 9n])
})

test('named validators go on as they are at the block, not as they were at the birth', async (t) => {
  const [keys, address] = [[validatorKey(1)], keyAddress(validatorKey(1))]
  const { set, first } = await open(t, votedManifest(sender, keys))
  const data = registryCalls.setWeight(validatorKey(1), 7n)
  await first.submit(registryTransaction(senderKey, { chainId: 7n, nonce: 0n, data }))
  const weightAt = (number: bigint) => first.validatorsAt(number)?.list[0]?.weight
  while (weightAt(first.head().header.number + 1n) !== 7n)
    await reached(first, first.head().header.number + 1n)
  await set.fork('voted', wish)
  const { consensus } = chainOf(set, 'fork').manifest
  assert.ok(consensus.engine === 'bft')
  const [only] = consensus.validators
  assert.deepEqual([only && keyAddress(only), only?.weight], [address, 7n])
  assert.equal(consensus.owner, 'nobody')
  await reached(chainOf(set, 'fork'), 1n)
})

/** What the contract of stakes says of the only candidate, in gwei. */
function weightOf(chain: DrivenChain): bigint | undefined {
  const state = chain.stateAt(chain.head().hash)
  assert.ok(state)
  const storage = (address: Uint8Array, slot: Uint8Array) =>
    word(state.storage(address, toBigInt(slot)))
  return readCandidates({ storage }, 'staking')[0]?.weight
}
