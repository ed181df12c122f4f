/** Opens a chain of stakes again after a long absence: it takes somebody's word for a block, and holds the chain against it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { createChain } from './create-chain.ts'
import type { Block } from './ledger/block.ts'
import type { Manifest } from './ledger/manifest.ts'
import { SwiftClock } from './test-chain/swift-clock.ts'
import { TestLinks } from './test-chain/test-links.ts'
import { nodeFolder, startNode, validatorKeys, votedManifest } from './test-chain/voted-chain.ts'
import { isAgainst, mustBeRecent } from './weak-subjectivity.ts'

const plain = votedManifest(new Uint8Array(20), validatorKeys(1))
const staked = { ...plain, consensus: { ...plain.consensus, unbondingSeconds: 1_000 } } as Manifest
const [here, there] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const head = { header: { number: 50n, timestamp: 10_000n }, hash: here } as Block

/** What a start says so many seconds after the last block. */
function said(
  seconds: number,
  trusted?: { readonly number: bigint; readonly hash: Uint8Array },
  chain = staked,
): string {
  try {
    mustBeRecent(chain, {
      ...{ head, trust: trusted, nowMs: (10_000 + seconds) * 1_000 },
      blockHash: (number) => (number <= 50n ? here : undefined),
    })
    return 'started'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a chain of stakes that is opened again', () => {
  test('needs somebody to vouch for a block once it was away for half of the time of stakes', () => {
    assert.equal(said(500), 'started')
    assert.equal(said(501), 'chain/needs-trust')
    assert.equal(said(501, undefined, plain), 'started')
  })

  test('starts with a trusted block from its head on, and not with one that says nothing of it', () => {
    assert.equal(said(501, { number: 51n, hash: there }), 'started')
    assert.equal(said(501, { number: 50n, hash: here }), 'started')
    assert.equal(said(501, { number: 49n, hash: here }), 'chain/needs-trust')
  })

  test('does not start with blocks that are not the trusted ones, however young it is', () => {
    assert.equal(said(0, { number: 49n, hash: there }), 'chain/other-history')
    assert.equal(said(0, { number: 50n, hash: there }, plain), 'chain/other-history')
    assert.equal(said(0, { number: 50n, hash: here }), 'started')
  })

  test('takes no block in the place of the trusted one', () => {
    assert.equal(isAgainst({ number: 50n, hash: there }, head), true)
    assert.equal(isAgainst({ number: 50n, hash: here }, head), false)
    assert.equal(isAgainst({ number: 51n, hash: there }, head), false)
    assert.equal(isAgainst(undefined, head), false)
  })

  test('stops before a later block that is not the trusted one', async (t) => {
    const [links, time] = [new TestLinks(), new SwiftClock(Date.now() - 60_000)]
    const place = async (name: string) => ({ name, folder: await nodeFolder(t), manifest: plain })
    const keys = validatorKeys(1)
    const server = await startNode(links, { ...(await place('server')), keys }, time)
    const trust = { number: 3n, hash: there }
    const back = await startNode(links, { ...(await place('back')), trust }, time)
    t.after(() => Promise.all([server.stop(), back.stop()]))
    await time.until(() => back.failure !== undefined)
    assert.equal(back.failure?.code, 'chain/consensus-failure')
    assert.equal(back.head().header.number, 2n)
  })

  test('says so at the start of a node that has links, and goes no further', async (t) => {
    const folder = await nodeFolder(t)
    const open = (trust?: { number: bigint; hash: Uint8Array }) =>
      createChain(
        { folder, manifest: plain, beneficiary: new Uint8Array(20), ...(trust && { trust }) },
        {
          ...{ clock: { nowMs: () => Date.now() }, timer: systemTimer },
          ...{ logger: silentLogger, metrics: noMetrics, join: new TestLinks().join('back') },
        },
      )
    const chain = await open({ number: 0n, hash: there })
    await assert.rejects(chain.start(), { code: 'chain/other-history' })
    await chain.stop()
    const right = await open({ number: 0n, hash: chain.blockHash(0n) as Uint8Array })
    await right.start()
    await right.stop()
  })
})
