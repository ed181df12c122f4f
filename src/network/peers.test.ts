/** Checks who is linked with whom: by name, by what was learned, by the local network, and who is kept out. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePort } from '../base/test-ports.ts'
import { keyAddress } from '../crypto/signatures.ts'
import type { NetworkOptions } from './create-network.ts'
import { linkHead } from './link/link.ts'
import type { Network } from './network.ts'
import { chainHello } from './node-identity.ts'
import {
  addressOf,
  bytesOf,
  chainKey,
  hurried,
  identityOf,
  joinChain,
  keptReasons,
  openNode,
  until,
} from './test-network/open-nodes.ts'
import { openRogue } from './test-network/rogue.ts'

const idsOf = (network: Network) => network.peers().map(({ id }) => id)

/** Options of a node that tells others where it listens. */
async function announced(): Promise<Partial<NetworkOptions>> {
  const listen = { host: '127.0.0.1', port: await freePort() }
  return { listen, announce: [listen] }
}

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quantumstream-peers-'))
  context.after(() => rm(folder, { recursive: true }))
  return folder
}

test('two nodes that open links to each other at once keep one, and it works', async (context) => {
  for (const seeds of [
    [1, 2],
    [2, 1],
  ] as const) {
    const [a, b] = [await openNode(context, seeds[0]), await openNode(context, seeds[1])]
    a.addPeer(addressOf(b).replace(/^.*@/, ''))
    b.addPeer(addressOf(a).replace(/^.*@/, ''))
    const [atA, atB] = [joinChain(a), joinChain(b)]
    const isSettled = () => {
      const [one, other] = [a.peers(), b.peers()]
      const isOne = one.length === 1 && other.length === 1
      return isOne && one[0]?.isDialled !== other[0]?.isDialled
    }
    await until(() => isSettled() && atA.channel.peers().length === 1)
    await until(() => atB.channel.peers().length === 1)
    atA.channel.publish(1, bytesOf('one link'), { isRepeated: true })
    await until(() => atB.heard.length === 1)
    assert.ok(isSettled())
    await Promise.all([a.stop(), b.stop()])
  }
})

test('a new link of a peer takes the place of its old one, which may be dead', async (context) => {
  const node = await openNode(context, 1)
  const old = await openRogue(context, node)
  await until(() => node.peers().length === 1)
  await openRogue(context, node)
  assert.equal(await old.farewell(), 'duplicate')
  assert.equal(node.peers().length, 1)
})

test('a node that is told of its own address does not link with itself', async (context) => {
  const node = await openNode(context, 1)
  const { reasons, logger } = keptReasons()
  const port = await freePort()
  const own = await openNode(context, 2, {
    ...{ listen: { host: '127.0.0.1', port }, peers: [`127.0.0.1:${port}`, addressOf(node)] },
    dependencies: { logger },
  })
  await until(() => own.peers().length === 1)
  assert.deepEqual(idsOf(own), [node.id])
  assert.deepEqual(reasons, [])
})

test('strangers have so many places, validators and those asked for by name have others', async (context) => {
  const places = { inbound: 1, outbound: 1, named: 1 }
  const { reasons, logger } = keptReasons()
  const node = await openNode(context, 1, { bounds: { places }, dependencies: { logger } })
  const validator = identityOf(60).key
  joinChain(node, { isValidator: () => true })
  await openRogue(context, node, { identity: identityOf(90) })
  await until(() => node.peers().length === 1)
  const second = await openRogue(context, node, { identity: identityOf(91) })
  assert.equal(await second.farewell(), 'full')
  const one = await openNode(context, 3, { peers: [addressOf(node)] })
  joinChain(one, { validator: () => validator })
  await until(() => node.peers().length === 2)
  assert.deepEqual(
    node.peers().map(({ isNamed }) => isNamed),
    [false, true],
  )
  const friend = await openNode(context, 4)
  node.addPeer(addressOf(friend))
  await until(() => node.peers().length === 3)
  const another = await openNode(context, 5)
  node.addPeer(addressOf(another))
  await until(() => reasons.length > 0)
  assert.deepEqual(reasons, ['full'])
  assert.equal(node.peers().length, 3)
})

test('a hello may name a validator only with a signature for this very link', async (context) => {
  const places = { inbound: 0, outbound: 1, named: 8 }
  const node = await openNode(context, 1, { bounds: { places } })
  joinChain(node, { isValidator: () => true })
  const identity = identityOf(90)
  const { scheme, publicKey, sign } = identityOf(61).key
  const forLink = (exporter: Uint8Array) => ({
    ...{ channel: 9, chainKey: chainKey(1) },
    validator: {
      scheme,
      publicKey,
      signature: sign(chainHello(chainKey(1), exporter, identity.id)),
    },
  })
  const wrong = await openRogue(context, node, { identity, chains: [forLink(new Uint8Array(32))] })
  assert.equal(await wrong.farewell(), 'full')
  await openRogue(context, node, { identity, entries: (exporter) => [forLink(exporter)] })
  await until(() => node.peers().length === 1)
})

test('who is not on the allow-list, or no more, has no link', async (context) => {
  const allowed = new Set([identityOf(90).id])
  const node = await openNode(context, 1, { isAllowed: ({ id }) => allowed.has(id) })
  const stranger = await openRogue(context, node, { identity: identityOf(91) })
  assert.equal(await stranger.farewell(), 'not-allowed')
  const friend = await openRogue(context, node, { identity: identityOf(90) })
  await until(() => node.peers().length === 1)
  allowed.clear()
  node.recheck()
  assert.equal(await friend.farewell(), 'not-allowed')
  assert.equal(node.peers().length, 0)
})

test('an allow-list may name validators, proven by their hello and as long as they are in the set', async (context) => {
  const present = new Set([1, 2])
  const keyOf = (seed: number) => identityOf(60 + seed).key
  const isValidator = (address: Uint8Array) =>
    [...present].some((seed) => keyAddress(keyOf(seed)).toHex() === address.toHex())
  const { reasons, logger } = keptReasons()
  const node = await openNode(context, 1, {
    isAllowed: ({ validators }) => validators?.some(({ isPresent }) => isPresent) ?? true,
    dependencies: { logger },
  })
  joinChain(node, { isValidator })
  const validator = await openNode(context, 2, { isListening: false, isStarted: false })
  joinChain(validator, { validator: () => keyOf(1) })
  await validator.start()
  validator.addPeer(addressOf(node))
  await until(() => node.peers().length === 1)
  const stranger = await openNode(context, 3)
  joinChain(stranger, { validator: () => keyOf(9) })
  node.addPeer(addressOf(stranger))
  await until(() => reasons.length > 0)
  assert.deepEqual(reasons, ['not-allowed'])
  present.delete(1)
  node.recheck()
  assert.equal(node.peers().length, 0)
})

test('a peer is linked again after it was away, and not after it was removed', async (context) => {
  const listen = { host: '127.0.0.1', port: await freePort() }
  const peer = await openNode(context, 1, { listen })
  const node = await openNode(context, 2, { peers: [addressOf(peer)], dependencies: hurried })
  await until(() => node.peers().length === 1)
  await peer.stop()
  await until(() => node.peers().length === 0)
  const again = await openNode(context, 1, { listen })
  await until(() => node.peers().length === 1)
  node.removePeer(again.id)
  await until(() => again.peers().length === 0)
  assert.deepEqual(idsOf(node), [])
})

test('whoever lets one in to send one away at once is not asked every second', async (context) => {
  const peer = await openNode(context, 1)
  let links = 0
  const peerCame = ({ id }: { id: string }) => {
    links += 1
    peer.removePeer(id)
  }
  joinChain(peer, { peerCame })
  const nowMs = () => hurried.clock?.nowMs() ?? 0
  const beganMs = nowMs()
  const node = await openNode(context, 2, { peers: [addressOf(peer)], dependencies: hurried })
  joinChain(node)
  await until(() => links === 4)
  assert.ok(nowMs() - beganMs >= 2_000 + 4_000 + 8_000)
})

test('peers that a peer knows are learned and linked, kept on disk, and found again without it', async (context) => {
  const folder = await folderOf(context)
  const [first, second] = [await announced(), await announced()]
  const a = await openNode(context, 1, first)
  const b = await openNode(context, 2, { ...second, peers: [addressOf(a)] })
  await until(() => b.peers().length === 1)
  const c = await openNode(context, 3, { folder, peers: [addressOf(b)], dependencies: hurried })
  await until(() => idsOf(c).includes(a.id))
  c.ban(identityOf(77).id, 3_600_000)
  await Promise.all([c.stop(), b.stop()])
  const again = await openNode(context, 3, { folder, dependencies: hurried })
  await until(() => idsOf(again).includes(a.id))
  assert.deepEqual(
    again.bans().map(({ id, reason }) => ({ id, reason })),
    [{ id: identityOf(77).id, reason: 'by hand' }],
  )
  await again.stop()
  await writeFile(path.join(folder, 'peers'), 'damaged')
  const anew = await openNode(context, 3, { folder })
  assert.deepEqual([anew.peers().length, anew.bans().length], [0, 0])
})

test('whoever asks for addresses all the time is scored', async (context) => {
  const node = await openNode(context, 1)
  const rogue = await openRogue(context, node)
  await until(() => node.peers().length === 1)
  for (const id of [1, 2]) rogue.send({ ...linkHead(18, id), type: 1 })
  await until(() => rogue.frames.filter(({ kind, type }) => kind === 18 && type > 1).length === 2)
  assert.equal(Math.round(node.peers()[0]?.score ?? 0), -1)
})

test('a node behind a NAT opens links and takes none', async (context) => {
  const a = await openNode(context, 1)
  const options: Partial<NetworkOptions> = { peers: [addressOf(a)] }
  const b = await openNode(context, 2, { ...options, isListening: false })
  await until(() => a.peers().length === 1)
  assert.equal(b.endpoint(), undefined)
})

test('nodes of a local network find each other, if they have a chain in common', async (context) => {
  const lan = { port: await freePort(), through: '127.0.0.1' }
  const lanNode = async (seed: number, chain: number) => {
    const node = await openNode(context, seed, { lan, isStarted: false })
    joinChain(node, { chainKey: chainKey(chain) })
    await node.start()
    return node
  }
  const a = await lanNode(1, 1)
  const c = await lanNode(3, 2)
  const b = await lanNode(2, 1)
  await until(() => idsOf(a).includes(b.id) && idsOf(b).includes(a.id))
  assert.deepEqual(idsOf(c), [])
})

test('an address that cannot be listened on, or read, is told', async (context) => {
  const node = await openNode(context, 1)
  const listen = node.endpoint() ?? { host: '', port: 0 }
  await assert.rejects(openNode(context, 2, { listen }), { code: 'network/cannot-listen' })
  for (const address of [
    '',
    'host',
    'host:0',
    'host:70000',
    'ab@host:1',
    'a b:1',
    '[::1]',
    '::1:5',
  ]) {
    assert.throws(() => node.addPeer(address), { code: 'network/bad-address' }, address)
  }
  for (const address of ['[::1]:5', 'host.example:65535', `${node.id}@10.0.0.1:1`]) {
    node.addPeer(address)
  }
})
