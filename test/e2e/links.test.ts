/** Lets chains find each other over real links, and reach nodes that they have no link to. */

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock, systemTimer } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { noMetrics } from '../../src/base/metrics.ts'
import type { DrivenChain } from '../../src/chain/chain-parts.ts'
import { decodeRecord } from '../../src/chain/consensus/record.ts'
import { createChain } from '../../src/chain/create-chain.ts'
import { validatorKeys, votedManifest } from '../../src/chain/test-chain/voted-chain.ts'
import { owner, transfer } from '../../src/chain/test-chain/voted-network.ts'
import { reached } from '../../src/chain/test-chain/waiting.ts'
import { createNetwork, type NetworkOptions } from '../../src/network/create-network.ts'
import type { Network } from '../../src/network/network.ts'
import { nodeIdentity } from '../../src/network/node-identity.ts'
import { joinBy } from '../../src/node/peer-links.ts'
import { temporaryFolder } from './program.ts'

const keys = validatorKeys(4)
const manifest = votedManifest(owner, keys)

interface Node {
  readonly network: Network
  readonly chain: DrivenChain
}

/** A validator in this process, over links of its own. */
async function openNode(
  t: TestContext,
  at: number,
  options: Partial<NetworkOptions>,
): Promise<Node> {
  const folder = await temporaryFolder(t)
  const around = {
    clock: systemClock,
    timer: systemTimer,
    logger: silentLogger,
    metrics: noMetrics,
  }
  const network = createNetwork(
    {
      ...{ identity: nodeIdentity('ed25519', new Uint8Array(32).fill(at + 1)), agent: 'test' },
      ...{ listen: { host: '127.0.0.1', port: 0 } },
      ...options,
    },
    { ...around, chance: Math.random },
  )
  await network.start()
  t.after(() => network.stop())
  const key = keys[at]
  const validator = key && { key, guardFile: path.join(folder, 'guard') }
  const chain = await createChain(
    {
      folder,
      manifest,
      beneficiary: new Uint8Array(20),
      ...(validator && { validators: [validator] }),
    },
    { ...around, join: joinBy(network) },
  )
  await chain.start()
  t.after(() => chain.stop())
  return { network, chain }
}

test('four validators in a line decide blocks of several parts, though none has more than two links', {
  timeout: 240_000,
}, async (t) => {
  const nodes: Node[] = []
  for (const at of keys.keys()) {
    const { host, port } = nodes.at(-1)?.network.endpoint() ?? { host: '', port: 0 }
    nodes.push(await openNode(t, at, { peers: port > 0 ? [`${host}:${port}`] : [] }))
  }
  const [first] = nodes as [Node]
  await reached(first.chain, 1n)
  await first.chain.submit(transfer(0n))
  for (let nonce = 1n; nonce < 3n; nonce += 1n) {
    await first.chain.submit(transfer(nonce, new Uint8Array(100_000).fill(1)))
  }
  const nonceAt = ({ chain }: Node) => chain.stateAt(chain.head().hash)?.account(owner)?.nonce
  const grown = async (one: Node) => reached(one.chain, one.chain.head().header.number + 1n)
  while (!nodes.every((one) => nonceAt(one) === 3n)) await Promise.all(nodes.map(grown))
  const links = nodes.map(({ network }) => network.peers().length)
  assert.deepEqual(links, [1, 2, 2, 1])
  const { number } = first.chain.head().header
  const proposers = new Set<number | undefined>()
  // Each has proposed, also from the ends; who is too slow in its turn has another.
  for (let height = 1n; height <= number + 4n || proposers.size < 4; height += 1n) {
    assert.ok(height < number + 40n, `only ${[...proposers]} have proposed`)
    await Promise.all(nodes.map(({ chain }) => reached(chain, height)))
    const blocks = nodes.map(({ chain }) => chain.byNumber(height)?.block)
    const hashes = new Set(blocks.map((block) => block?.hash.toHex()))
    assert.equal(hashes.size, 1, `height ${height}`)
    const [block] = blocks
    if (block?.record && decodeRecord(block.record).round === 0) {
      proposers.add(block.header.beneficiary[0])
    }
  }
})

test('validators of a local network find each other and decide', {
  timeout: 240_000,
}, async (t) => {
  const socket = createSocket('udp4').bind(0)
  await once(socket, 'listening')
  const lan = { port: socket.address().port, through: '127.0.0.1' }
  socket.close()
  await once(socket, 'close')
  const nodes = await Promise.all([0, 1, 2].map((at) => openNode(t, at, { lan })))
  await Promise.all(nodes.map(({ chain }) => reached(chain, 2n)))
  assert.deepEqual(
    nodes.map(({ network }) => network.peers().length),
    [2, 2, 2],
  )
})
