/** Ends blocks as an engine says: it reads contracts, pays, and calls contracts that must succeed. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { concatBytes, fromHex } from '../base/bytes.ts'
import { buildBlock, runBlock } from './block-building.ts'
import { closingOn } from './block-closing.ts'
import type { ConsensusEngine } from './consensus/consensus.ts'
import { emptyDerived } from './consensus/derived.ts'
import { encodeRecord, plainRecord } from './consensus/record.ts'
import { systemAddress } from './evm/block-rules.ts'
import { devManifest } from './test-chain/dev-manifest.ts'
import { openStill, temporaryFolder } from './test-chain/short-chain.ts'

const [owner, counter, broken] = [1, 2, 3].map((byte) => new Uint8Array(20).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
/** Adds its input to slot 0 if the protocol calls, and fails otherwise. */
const counting = concatBytes(
  fromHex('0x3373'),
  systemAddress,
  fromHex('0x14601b57fe5b60005460003501600055'),
)
const record = encodeRecord(plainRecord('pow', { derivedHash: new Uint8Array(32), timeMs: 0 }))
const parent = { ...emptyDerived, creditCount: 5n }

/** Reads slot 0 of the counter, pays so many gwei and one, or more, and adds it again. */
const engine = (called: Uint8Array, more = 0n): Pick<ConsensusEngine<unknown>, 'closeBlock'> => ({
  closeBlock(before, { header }, read) {
    const found = read.storage(counter, new Uint8Array(32))
    const amountWei = (BigInt(`0x${found.toHex()}`) + 1n + more) * 10n ** 9n + 7n
    return {
      derived: { ...before, totalWork: header.number },
      credits: [{ to: owner, amountWei, why: 'reward' }],
      calls: [{ to: called, data: found }],
    }
  },
})

async function siteOf(t: TestContext, called: Uint8Array) {
  const manifest = devManifest(owner, 3_600_000)
  const contract = (address: Uint8Array, code: Uint8Array) => ({
    ...{ address, code, balance: 0n, nonce: 1n, storage: [[0n, 20n]] as const },
  })
  const accounts = [
    ...manifest.genesis.accounts,
    contract(counter, counting),
    contract(broken, fromHex('0xfe')),
  ]
  const chain = await openStill(await temporaryFolder(t), {
    ...{ ...manifest, genesis: { ...manifest.genesis, accounts } },
  })
  await chain.start()
  t.after(() => chain.stop())
  const { header, hash } = chain.head()
  const [state, draft] = [chain.stateAt(hash), chain.draft()]
  assert.ok(state && draft)
  const site = { evm: chain.evm, rules: chain.rules, parent: header, state }
  const close = closingOn(engine(called), parent)
  return {
    site: { ...site, close, blockHash: () => undefined },
    build: { draft: { ...draft, record }, pool: chain.pool, isLate: () => false },
  }
}

test('a block ends with what is paid, and then what is called', async (t) => {
  const { site, build } = await siteOf(t, counter)
  const built = await buildBlock(site, build)
  const { block } = built.executed
  assert.deepEqual(block.withdrawals, [
    { index: 5n, validatorIndex: 0n, address: owner, amountGwei: 21n },
  ])
  assert.equal(built.state.account(owner)?.balance, 10n ** 20n + 21n * 10n ** 9n)
  assert.equal(built.state.storage(counter, 0n), 40n)
  assert.equal(built.derived?.totalWork, 1n)
  assert.equal(block.header.gasUsed, 0n)
  const ran = await runBlock(site, { block, senders: [] })
  assert.ok('state' in ran)
  assert.deepEqual(ran.state.root, built.state.root)
})

test('a block whose call fails, or finds no contract, is invalid', async (t) => {
  for (const called of [broken, new Uint8Array(20).fill(9)]) {
    const { site, build } = await siteOf(t, called)
    await assert.rejects(buildBlock(site, build), /system-contract: the contract/)
    const sound = await buildBlock({ ...site, close: closingOn(engine(counter), parent) }, build)
    const ran = await runBlock(site, { block: sound.executed.block, senders: [] })
    assert.ok('kind' in ran)
    assert.equal(ran.rule, 'system-contract')
  }
})

test('a block that pays other than the engine does is invalid, though its roots are those of what it pays', async (t) => {
  const { site, build } = await siteOf(t, counter)
  const generous = closingOn(engine(counter, 1n), parent)
  const { block } = (await buildBlock({ ...site, close: generous }, build)).executed
  const ran = await runBlock(site, { block, senders: [] })
  assert.ok('kind' in ran)
  assert.equal(ran.rule, 'withdrawalsRoot')
})

test('without what follows from the parent there is nothing to do at the end', () => {
  assert.equal(closingOn(engine(counter), undefined), undefined)
})
