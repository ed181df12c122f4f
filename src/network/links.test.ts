/** Checks links between real nodes on the loopback network: who may open one, and what ends it. */

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import type { NetworkBounds } from './create-network.ts'
import { selfSigned } from './link/certificate.ts'
import { linkHead } from './link/link.ts'
import type { Network } from './network.ts'
import { linkHello } from './node-identity.ts'
import {
  addressOf,
  bytesOf,
  chainKey,
  identityOf,
  joinChain,
  keptReasons,
  openNode,
  until,
} from './test-network/open-nodes.ts'
import { connectTo, openRogue } from './test-network/rogue.ts'

/** The error of a TLS client that connects to a node in its own way; `undefined` if the node let it in. */
function refusalOf(network: Network, options: tls.ConnectionOptions): Promise<string | undefined> {
  const { port = 0 } = network.endpoint() ?? {}
  const own = { ALPNProtocols: ['quantumstream/1'], ecdhCurve: 'X25519MLKEM768', ...options }
  return new Promise((resolve) => {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...own })
    // In TLS 1.3 a client hears after it is done that the other end refused it.
    socket.on('data', () => {})
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.on('secureConnect', () => setTimeout(() => resolve(undefined), 50))
    socket.on('close', () => resolve('closed'))
  })
}

test('two nodes link, know each other by their keys, and hear what is published', async (context) => {
  for (const scheme of ['ed25519', 'ml-dsa-65'] as const) {
    const a = await openNode(context, 1, { identity: identityOf(1, scheme) })
    const b = await openNode(context, 2, { peers: [addressOf(a)] })
    const [atA, atB] = [joinChain(a), joinChain(b)]
    await until(() => atA.channel.peers().length === 1 && atB.channel.peers().length === 1)
    const view = ({ id, agent, isDialled, isNamed }: ReturnType<Network['peers']>[number]) => [
      ...[id, agent, isDialled, isNamed],
    ]
    assert.deepEqual(a.peers().map(view), [[b.id, 'test/2', false, false]])
    assert.deepEqual(b.peers().map(view), [[a.id, 'test/1', true, true]])
    assert.equal(atA.channel.publish(1, bytesOf('from a')), 1)
    assert.equal(atB.channel.publish(1, bytesOf('from b')), 1)
    await until(() => atA.heard.length === 1 && atB.heard.length === 1)
    assert.deepEqual(atB.heard, [{ from: a.id, text: 'from a' }])
    assert.deepEqual(atA.heard, [{ from: b.id, text: 'from b' }])
    await a.stop()
    await until(() => b.peers().length === 0)
  }
})

test('nothing but TLS 1.3 over X25519MLKEM768 with our protocol gets in', async (context) => {
  const node = await openNode(context, 1)
  assert.equal(await refusalOf(node, {}), undefined)
  const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
  for (const options of [
    old,
    { ...old, ecdhCurve: 'X25519' },
    { ecdhCurve: 'X25519' },
    { ecdhCurve: 'P-256:X25519:SecP256r1MLKEM768' },
    { ALPNProtocols: ['http/1.1'] },
    { ALPNProtocols: [] },
  ]) {
    assert.notEqual(await refusalOf(node, options), undefined, JSON.stringify(options))
  }
})

test('a server of another key exchange, version or protocol is left', async (context) => {
  for (const [options, expected] of [
    [{ ecdhCurve: 'X25519' }, 'unreachable'],
    [{ maxVersion: 'TLSv1.2' }, 'unreachable'],
    [{ ecdhCurve: 'X25519MLKEM768' }, 'wrong-transport'],
  ] as const) {
    const server = tls.createServer({ ...selfSigned(), ...options })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    context.after(() => server.close())
    const { port } = server.address() as { port: number }
    const { reasons, logger } = keptReasons()
    const peers = [`127.0.0.1:${port}`]
    const node = await openNode(context, 1, { peers, dependencies: { logger } })
    await until(() => reasons.length > 0)
    assert.deepEqual([reasons[0], node.peers().length], [expected, 0])
    await node.stop()
  }
})

test('whoever answers with another key than was expected is left', async (context) => {
  const a = await openNode(context, 1)
  const { reasons, logger } = keptReasons()
  const address = addressOf(a).replace(a.id, identityOf(7).id)
  const b = await openNode(context, 2, { peers: [address], dependencies: { logger } })
  await until(() => reasons.length > 0)
  assert.deepEqual([reasons[0], b.peers().length], ['wrong-identity', 0])
  await until(() => a.peers().length === 0)
})

test('a hello that is signed for another link, role or name is refused', async (context) => {
  const node = await openNode(context, 1)
  const identity = identityOf(9)
  for (const signs of [
    () => linkHello('dialler', new Uint8Array(32), identity.id),
    (exporter: Uint8Array) => linkHello('listener', exporter, identity.id),
    (exporter: Uint8Array) => linkHello('dialler', exporter, identityOf(8).id),
  ]) {
    const rogue = await openRogue(context, node, { identity, signs })
    assert.equal(await rogue.farewell(), 'wrong-identity')
    assert.equal(rogue.frames.length, 1, 'the node said nothing of itself')
  }
  assert.equal(node.peers().length, 0)
})

test('garbage ends a connection, costs others nothing, and a host that goes on is not let in', async (context) => {
  const node = await openNode(context, 1, { bounds: { greetingMs: 500 } })
  const friend = await openNode(context, 2, { peers: [addressOf(node)] })
  await until(() => friend.peers().length === 1)
  const { port = 0 } = node.endpoint() ?? {}
  let refused = 0
  for (let turn = 0; turn < 40; turn += 1) {
    const garbage = new Uint8Array(200).fill(turn + 1)
    const raw = connect(port, '127.0.0.1')
    raw.on('error', () => {})
    raw.write(garbage)
    await new Promise((resolve) => raw.once('close', resolve))
    const secure = await connectTo(context, node).catch(() => undefined)
    if (secure === undefined) refused += 1
    else {
      secure.on('error', () => {}).resume()
      secure.write(garbage)
      await new Promise((resolve) => secure.once('close', resolve))
    }
  }
  assert.ok(refused > 0, 'the host was never shut out')
  assert.equal(node.peers().length, 1)
  const [atNode, atFriend] = [joinChain(node), joinChain(friend)]
  await until(() => atNode.channel.peers().length === 1)
  atNode.channel.publish(1, bytesOf('still here'))
  await until(() => atFriend.heard.length === 1)
})

test('a peer that sends what is too long or has no business here is away for a day', async (context) => {
  for (const [head, bytes] of [
    [{ channel: 1, kind: 1 }, 100_001],
    [{ channel: 1, kind: 2 }, 0],
    [{ channel: 1, kind: 1, type: 1 as const }, 0],
    [{ channel: 8, kind: 1 }, 0],
    [linkHead(99), 0],
    [linkHead(0), 10],
  ] as const) {
    const node = await openNode(context, 1)
    joinChain(node)
    const rogue = await openRogue(context, node)
    await until(() => node.peers().length === 1)
    rogue.send(head, new Uint8Array(bytes))
    assert.equal(await rogue.farewell(), 'bad-frame', JSON.stringify(head))
    const [ban] = node.bans()
    assert.deepEqual([ban?.id, ban?.reason, node.peers().length], [rogue.id, 'bad-encoding', 0])
    const again = await openRogue(context, node)
    assert.equal(await again.farewell(), 'banned')
    node.pardon(rogue.id)
    await openRogue(context, node)
    await until(() => node.peers().length === 1)
    await node.stop()
  }
})

test('many connections that say nothing do not keep others out', async (context) => {
  const node = await openNode(context, 1)
  const { port = 0 } = node.endpoint() ?? {}
  let closed = 0
  for (let at = 0; at < 90; at += 1) {
    const raw = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (at % 3)}` })
    context.after(() => raw.destroy())
    raw
      .on('error', () => {})
      .once('close', () => {
        closed += 1
      })
    await new Promise((resolve) => raw.once('connect', resolve))
  }
  await until(() => closed === 90 - 64)
  const friend = await openNode(context, 2, { peers: [addressOf(node)] })
  await until(() => friend.peers().length === 1)
})

/** A node with one rogue, and its chain. */
async function withRogue(context: TestContext, bounds: Partial<NetworkBounds>) {
  const node = await openNode(context, 1, { bounds })
  const { channel } = joinChain(node)
  const rogue = await openRogue(context, node)
  await until(() => channel.peers().length === 1)
  return { node, channel, rogue }
}

test('a peer that does not read is dropped when what must be sent has no room, or nothing leaves', async (context) => {
  const queue = { messages: 64, bytes: 1024 * 1024 }
  const full = await withRogue(context, { queue })
  full.rogue.socket.pause()
  for (let at = 0; full.node.peers().length === 1; at += 1) {
    full.channel.publish(1, new Uint8Array(100_000).fill(at), { importance: 'own' })
    if (at % 4 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const stalled = await withRogue(context, { queue, stalledMs: 30, idleMs: 10 })
  stalled.rogue.socket.pause()
  for (let at = 0; at < 200; at += 1) {
    stalled.channel.publish(1, new Uint8Array(100_000).fill(at), { importance: 'relay' })
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until(() => stalled.node.peers().length === 0)
})

test('a peer that is silent is asked, and dropped when it does not answer', async (context) => {
  const { node, rogue } = await withRogue(context, { idleMs: 20, silentMs: 80 })
  const pings = () => rogue.frames.filter(({ channel, kind }) => channel === 0 && kind === 2)
  await until(() => pings().length > 0)
  rogue.send({ kind: 3, id: pings()[0]?.id ?? 0 })
  await until(() => node.peers()[0]?.roundTripMs !== undefined)
  assert.equal(await rogue.farewell(), 'silent')
  await until(() => node.peers().length === 0)
})

test('nodes that ping each other stay linked', async (context) => {
  const bounds = { idleMs: 10, silentMs: 500 }
  const a = await openNode(context, 1, { bounds })
  const b = await openNode(context, 2, { bounds, peers: [addressOf(a)] })
  await until(
    () => (b.peers()[0]?.roundTripMs ?? -1) >= 0 && a.peers()[0]?.roundTripMs !== undefined,
  )
  assert.equal(b.peers().length, 1)
})

test('links outlive a time in which this side slept', async (context) => {
  const bounds = { idleMs: 20, silentMs: 80, stalledMs: 80 }
  const a = await openNode(context, 1, { bounds })
  const b = await openNode(context, 2, { bounds, peers: [addressOf(a)] })
  const pings = () => b.peers()[0]?.received.messages ?? 0
  await until(() => pings() > 3)
  const [before] = b.peers()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  const seen = pings()
  await until(() => b.peers().length === 0 || pings() > seen + 3)
  assert.equal(b.peers()[0]?.since, before?.since)
})

test('whoever says no hello, or half a frame, does not stay', async (context) => {
  const node = await openNode(context, 1, { bounds: { greetingMs: 50, idleMs: 10, frameMs: 40 } })
  const silent = await connectTo(context, node)
  silent.on('error', () => {}).resume()
  await new Promise((resolve) => silent.once('close', resolve))
  joinChain(node)
  const rogue = await openRogue(context, node)
  await until(() => node.peers().length === 1)
  rogue.socket.write(Uint8Array.of(0, 0, 0, 10, 0))
  assert.equal(await rogue.farewell(), 'slow')
})

test('a chain key that both ends have in common is needed by those that were not asked for', async (context) => {
  const node = await openNode(context, 1)
  joinChain(node)
  const stranger = await openRogue(context, node, {
    chains: [{ channel: 3, chainKey: chainKey(2) }],
  })
  assert.equal(await stranger.farewell(), 'no-common-chain')
})
