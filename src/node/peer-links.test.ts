/** Joins chains of many nodes over real links, and counts what each sends. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { ChainNetwork } from '../chain/chain-network.ts'
import { createNetwork } from '../network/create-network.ts'
import type { Network } from '../network/network.ts'
import { nodeIdentity } from '../network/node-identity.ts'
import { joinBy } from './peer-links.ts'

/** A node whose chain accepts what it has not heard, and remembers it. */
interface Listener {
  readonly network: Network
  readonly links: ChainNetwork
  readonly heard: Set<string>
}

async function openListener(
  t: TestContext,
  at: number,
  others: readonly Listener[],
): Promise<Listener> {
  const folder = await mkdtemp(path.join(tmpdir(), 'peer-links-'))
  const network = createNetwork(
    {
      ...{ identity: nodeIdentity('ed25519', new Uint8Array(32).fill(at + 1)), folder },
      ...{ agent: 'test', listen: { host: '127.0.0.1', port: 0 } },
    },
    {
      ...{ clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
      chance: () => 0.5,
    },
  )
  t.after(async () => {
    await network.stop()
    await rm(folder, { recursive: true, force: true })
  })
  await network.start()
  const heard = new Set<string>()
  const links = joinBy(network)({
    ...{ key: new Uint8Array(32).fill(7), validator: () => undefined, isValidator: () => false },
    hear(_, message) {
      const isNew = !heard.has(message.toHex())
      heard.add(message.toHex())
      return isNew ? 'accept' : 'ignore'
    },
    hearTransaction: async () => 'ignore',
    hearBlock: () => 'ignore',
    hearStatus: () => 'ignore',
    hearOffer: () => 'ignore',
    hearNewBlock: async () => 'ignore',
    answer: async () => undefined,
    peerCame: () => {},
    peerWent: () => {},
  })
  for (const other of others) {
    const { host, port } = other.network.endpoint() ?? { host: '', port: 0 }
    network.addPeer(`${other.network.id}@${host}:${port}`)
  }
  return { network, links, heard }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(5)
}

for (const count of [4, 12]) {
  test(`each of ${count} nodes hears all parts of a block, of which the sender's line carries few`, async (t) => {
    const nodes: Listener[] = []
    for (let at = 0; at < count; at += 1) nodes.push(await openListener(t, at, nodes))
    await until(() => nodes.every(({ links }) => links.peers().length === count - 1))
    await pause(150)
    const [first, ...others] = nodes as [Listener, ...Listener[]]
    const sentBytes = () => first.network.peers().reduce((sum, { sent }) => sum + sent.bytes, 0)
    const before = sentBytes()
    const partBytes = 10_000
    const parts = Array.from({ length: 8 }, (_, at) => new Uint8Array(partBytes).fill(at + 1))
    for (const part of parts) first.links.sayPart(part)
    await until(() => others.every(({ heard }) => heard.size === parts.length))
    const copies = Math.floor((sentBytes() - before) / (partBytes * parts.length))
    // Those who carry a part bring it back to its sender, who does not pass it on.
    assert.equal(copies, count > 9 ? 2 : count - 1)
  })
}
