/** Imports blocks of a followed chain: on the head, beside it, wrong ones, and through the Merge. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { ChainEvent } from './chain.ts'
import type { DrivenChain } from './chain-parts.ts'
import type { Verdict } from './consensus/consensus.ts'
import { createChain } from './create-chain.ts'
import { contextOf } from './evm/evm.ts'
import type { Block, Header } from './ledger/block.ts'
import { emptyOmmersHash, headerHash } from './ledger/block-codec.ts'
import { nextDifficulty } from './ledger/difficulty.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { State } from './state/state.ts'

const beneficiary = new Uint8Array(20).fill(0xcc)
const noBytes = new Uint8Array()

/** Proof of work until the difficulties add up to four blocks' and the genesis'. */
const manifest: Manifest = {
  ...{ version: 1, name: 'followed', chainId: 7n, consensus: { engine: 'ethereum' } },
  forks: [{ hardfork: 'byzantium' }, { hardfork: 'paris', totalDifficulty: 131_072n * 4n + 1n }],
  genesis: {
    ...{ timestamp: 1_000n, gasLimit: 30_000_000n, difficulty: 131_072n },
    ...{ extraData: noBytes, accounts: [] },
  },
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-import-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function openChain(t: TestContext, folder: string) {
  const world = { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics }
  const chain = await createChain({ manifest, folder, beneficiary }, world)
  await chain.start()
  t.after(() => chain.stop())
  return chain
}

/** Makes empty blocks on any block of a chain or of its own. */
class Miner {
  readonly #chain: DrivenChain
  readonly #states = new Map<string, State>()

  constructor(chain: DrivenChain) {
    this.#chain = chain
    const { hash } = chain.head()
    this.#states.set(hash.toHex(), chain.stateAt(hash) as State)
  }

  /** `byte` tells siblings apart. */
  async mine(parent: Block, byte = 0, change: Partial<Header> = {}): Promise<Block> {
    const before = this.#states.get(parent.hash.toHex()) as State
    const timestamp = parent.header.timestamp + 13n
    const rules = this.#chain.rules.rulesAt({ ...parent.header, timestamp, difficulty: 1n })
    const family = { ...parent.header, hasOmmers: false }
    const draft: Header = {
      ...parent.header,
      ...{ number: parent.header.number + 1n, parentHash: parent.hash, timestamp, beneficiary },
      ...{ difficulty: nextDifficulty(rules, family, timestamp), ommersHash: emptyOmmersHash },
      ...{ extraData: Uint8Array.of(byte), ...change },
    }
    const run = await this.#chain.evm.openBlock(
      before,
      contextOf(draft, () => undefined),
    )
    const end = await run.finish([])
    assert.equal(end.kind, 'executed')
    const state = before.apply(end.difference)
    const header = { ...draft, stateRoot: state.root, ...change }
    const hash = headerHash(header)
    this.#states.set(hash.toHex(), state)
    return { header, hash, transactions: [], ommers: [], withdrawals: undefined }
  }
}

const ruleOf = (verdict: Verdict) => (verdict.kind === 'invalid' ? verdict.rule : verdict.kind)

describe('a followed chain', () => {
  async function begin(t: TestContext) {
    const folder = await temporaryFolder(t)
    const chain = await openChain(t, folder)
    const miner = new Miner(chain)
    const take = async (...blocks: readonly Block[]) => {
      const rules: string[] = []
      for (const block of blocks) rules.push(ruleOf(await chain.importBlock(block)))
      return rules.join(' ')
    }
    const genesis = chain.head()
    return { folder, chain, miner, take, genesis }
  }

  test('its last block is head, safe and final, after a restart too', async (t) => {
    const { folder, chain, miner, take, genesis } = await begin(t)
    const first = await miner.mine(genesis)
    const second = await miner.mine(first)
    assert.equal(await take(second), 'parent')
    assert.equal(await take(first, second, first), 'valid valid valid')
    for (const block of [chain.head(), chain.safe(), chain.finalized()]) {
      assert.deepEqual(block.hash, second.hash)
    }
    await chain.stop()
    const again = await openChain(t, folder)
    assert.deepEqual(again.finalized().hash, second.hash)
    const paid = again.stateAt(again.head().hash)?.account(beneficiary)?.balance
    assert.equal(paid, 6n * 10n ** 18n)
  })

  test('a wrong block is refused and leaves the head', async (t) => {
    const { chain, miner, take, genesis } = await begin(t)
    const stateRoot = new Uint8Array(32)
    assert.equal(await take(await miner.mine(genesis, 0, { stateRoot })), 'stateRoot')
    const ommersHash = new Uint8Array(32)
    assert.equal(await take(await miner.mine(genesis, 0, { ommersHash })), 'ommersHash')
    assert.equal(await take(await miner.mine(genesis, 0, { difficulty: 5n })), 'difficulty')
    assert.equal(await take(await miner.mine(genesis, 0, { baseFeePerGas: 5n })), 'fields')
    assert.deepEqual(chain.head().hash, genesis.hash)
  })

  test('the branch with more work is followed, and listeners hear of both', async (t) => {
    const { chain, miner, take, genesis } = await begin(t)
    const [a1, b1] = [await miner.mine(genesis, 1), await miner.mine(genesis, 2)]
    const b2 = await miner.mine(b1, 2)
    assert.equal(await take(a1, b1), 'valid valid')
    assert.deepEqual(chain.head().hash, a1.hash)
    const heard: string[] = []
    chain.subscribe((event: ChainEvent) => {
      if (event.kind !== 'head') return
      const bytes = (blocks: readonly { block: Block }[]) =>
        blocks.map(({ block }) => `${block.header.number}:${block.header.extraData[0]}`)
      heard.push(`-${bytes(event.removed)} +${bytes(event.added)}`)
    })
    assert.equal(await take(b2), 'valid')
    assert.deepEqual(chain.head().hash, b2.hash)
    assert.deepEqual(heard, ['-1:1 +', '- +1:2', '- +2:2'])
    const a3 = await miner.mine(await miner.mine(a1, 1), 1)
    assert.equal(await take(a3), 'parent')
  })

  test('a branch that turns out wrong is left again', async (t) => {
    const { chain, miner, take, genesis } = await begin(t)
    const [a1, b1] = [await miner.mine(genesis, 1), await miner.mine(genesis, 2)]
    const b2 = await miner.mine(b1, 2, { stateRoot: new Uint8Array(32) })
    assert.equal(await take(a1, b1, b2), 'valid valid stateRoot')
    assert.deepEqual(chain.head().hash, a1.hash)
    assert.equal(chain.stateAt(a1.hash)?.account(beneficiary)?.balance, 3n * 10n ** 18n)
    assert.equal(await take(await miner.mine(b1, 3)), 'valid')
    assert.equal(chain.head().header.extraData[0], 3)
  })

  test('a block beside the chain is kept only with the body of its header', async (t) => {
    const { chain, miner, take, genesis } = await begin(t)
    const [a1, b1] = [await miner.mine(genesis, 1), await miner.mine(genesis, 2)]
    assert.equal(await take(a1, { ...b1, withdrawals: [] }), 'valid withdrawalsRoot')
    const b2 = await miner.mine(b1, 2)
    assert.equal(await take(b2, b1, b2), 'parent valid valid')
    assert.deepEqual(chain.head().hash, b2.hash)
  })

  test('after the Merge there is no work, and the last given branch is followed', async (t) => {
    const { chain, miner, take, genesis } = await begin(t)
    const merged = { difficulty: 0n, baseFeePerGas: undefined }
    let last = genesis
    for (let at = 1; at <= 3; at += 1) {
      last = await miner.mine(last)
      assert.equal(await take(last), 'valid')
    }
    assert.equal(await take(await miner.mine(last, 9, merged)), 'difficulty')
    last = await miner.mine(last)
    assert.equal(await take(last), 'valid')
    assert.equal(await take(await miner.mine(last)), 'difficulty')
    const stake = { difficulty: 0n, baseFeePerGas: 10n ** 9n, gasLimit: 60_000_000n }
    const [a, b] = [await miner.mine(last, 1, stake), await miner.mine(last, 2, stake)]
    assert.equal(await take(a, b), 'valid valid')
    assert.deepEqual(chain.head().hash, b.hash)
  })
})
