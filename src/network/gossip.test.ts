/** Checks that messages reach every node once, and what becomes of those that are refused. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { keyAddress } from '../crypto/signatures.ts'
import { type ChainEntry, encodeEntry } from './link/hello.ts'
import type { Channel, CheckResult, Network } from './network.ts'
import { chainHello } from './node-identity.ts'
import { peerFaults } from './peer-faults.ts'
import {
  addressOf,
  bytesOf,
  chainKey,
  identityOf,
  joinChain,
  kindOf,
  openNode,
  type Story,
  until,
} from './test-network/open-nodes.ts'
import { openRogue } from './test-network/rogue.ts'

const count = (network: Network) => network.peers().length
const score = (network: Network) => Math.round(network.peers()[0]?.score ?? Number.NaN)

/** Two nodes on a chain, linked; the second checks as it is told. */
async function pair(context: TestContext, result: (text: string) => CheckResult) {
  const a = await openNode(context, 1)
  const b = await openNode(context, 2, { peers: [addressOf(a)] })
  const [atA, atB] = [joinChain(a), joinChain(b, { result })]
  await until(() => atA.channel.peers().length === 1 && atB.channel.peers().length === 1)
  return { a, b, atA, atB }
}

/** Sends a word and waits until it, and so all that was sent before, was heard. */
async function settle(from: Channel, at: Story): Promise<void> {
  from.publish(1, bytesOf('settled'), { isRepeated: true })
  await until(() => at.heard.some(({ text }) => text === 'settled'))
  at.heard.pop()
}

test('in a ring of five nodes each hears a message once, and not from itself', async (context) => {
  const nodes: Network[] = []
  for (let at = 0; at < 5; at += 1) {
    const before = nodes.at(-1)
    const peers = before ? [addressOf(before)] : []
    nodes.push(await openNode(context, at + 1, { peers }))
  }
  const [first, last] = [nodes[0] as Network, nodes[4] as Network]
  last.addPeer(addressOf(first))
  const stories = nodes.map((node) => joinChain(node))
  await until(() => stories.every(({ channel }) => channel.peers().length === 2))
  for (const [at, { channel }] of stories.entries()) channel.publish(1, bytesOf(`from ${at}`))
  await until(() => stories.every(({ heard }) => heard.length === 4))
  stories[0]?.channel.publish(1, bytesOf('the end'))
  await until(() => stories.slice(1).every(({ heard }) => heard.at(-1)?.text === 'the end'))
  for (const [at, { heard }] of stories.entries()) {
    const texts = heard.map(({ text }) => text).filter((text) => text !== 'the end')
    const others = [0, 1, 2, 3, 4].filter((one) => one !== at).map((one) => `from ${one}`)
    assert.deepEqual(texts.sort(), others)
  }
})

test('what is ignored goes nowhere and is checked again; what is accepted is checked once', async (context) => {
  let isEarly = true
  const result = (text: string): CheckResult =>
    text === 'early' && isEarly ? { kind: 'ignore' } : { kind: 'accept' }
  const { a, b, atA, atB } = await pair(context, result)
  const c = await openNode(context, 3, { peers: [addressOf(b)] })
  const atC = joinChain(c)
  await until(() => atC.channel.peers().length === 1)
  atA.channel.publish(1, bytesOf('early'))
  await until(() => atB.heard.length === 1)
  isEarly = false
  atA.channel.publish(1, bytesOf('early'), { isRepeated: true })
  await until(() => atC.heard.length === 1)
  assert.equal(atA.channel.publish(1, bytesOf('early')), 0, 'the peer is known to have it')
  atA.channel.publish(1, bytesOf('early'), { isRepeated: true })
  await settle(atA.channel, atB)
  assert.deepEqual([atB.heard.length, atC.heard[0]?.from, score(a)], [2, b.id, 0])
})

test('what is rejected is scored, also for whoever brings it again, and goes nowhere', async (context) => {
  const { b, atA, atB } = await pair(context, (text) =>
    text === 'bad'
      ? { kind: 'reject', fault: peerFaults.badBody }
      : { kind: 'accept', isNews: false },
  )
  const c = await openNode(context, 3, { peers: [addressOf(b)] })
  const atC = joinChain(c)
  await until(() => atC.channel.peers().length === 1 && atB.channel.peers().length === 2)
  atA.channel.publish(1, bytesOf('bad'))
  await settle(atA.channel, atB)
  const scoreOf = (id: string) => Math.round(b.peers().find((one) => one.id === id)?.score ?? 0)
  assert.equal(scoreOf(atB.channel.peers()[0]?.id ?? ''), -30)
  atC.channel.publish(1, bytesOf('bad'))
  await until(() => scoreOf(c.id) === -30)
  assert.deepEqual(
    [atB.heard.filter(({ text }) => text === 'bad').length, atC.heard.map(({ text }) => text)],
    [1, ['settled']],
  )
})

test('a peer at −100 is sent away, a validator of the chain comes back after a minute', async (context) => {
  const key = identityOf(50, 'ml-dsa-65').key
  for (const [isValidator, awayMs] of [
    [false, 86_400_000],
    [true, 60_000],
  ] as const) {
    const a = await openNode(context, 1)
    const result = (): CheckResult => ({ kind: 'reject', fault: peerFaults.badEncoding })
    const b = await openNode(context, 2)
    joinChain(b, { result, isValidator: () => isValidator })
    const atA = joinChain(a, { validator: () => key })
    a.addPeer(addressOf(b))
    await until(() => count(b) === 1 && atA.channel.peers().length === 1)
    assert.equal(b.peers()[0]?.isNamed, isValidator)
    const nowMs = Date.now()
    atA.channel.publish(1, bytesOf('anything'))
    await until(() => b.bans().length === 1)
    const [ban] = b.bans()
    assert.ok(Math.abs((ban?.untilMs ?? 0) - nowMs - awayMs) < 10_000)
    await Promise.all([a.stop(), b.stop()])
  }
})

test('whoever claims to be a validator without its key is none, and is scored', async (context) => {
  const node = await openNode(context, 1)
  const { channel } = joinChain(node, { isValidator: () => true })
  const { scheme, publicKey, sign } = identityOf(50).key
  const validator = { scheme, publicKey, signature: sign(bytesOf('something else')) }
  const chains = [{ channel: 9, chainKey: chainKey(1), validator }]
  await openRogue(context, node, { chains })
  await until(() => channel.peers().length === 1)
  assert.equal(channel.peers()[0]?.validator(), undefined)
  assert.equal(score(node), -50)
})

test('a validator whose key changed tells so over the links that it has', async (context) => {
  let key = identityOf(50).key
  const a = await openNode(context, 1)
  const b = await openNode(context, 2, { peers: [addressOf(a)] })
  const { channel } = joinChain(a, { isValidator: () => true })
  const came: string[] = []
  const atB = joinChain(b, { validator: () => key, peerWent: ({ id }) => came.push(id) })
  const validator = () => channel.peers()[0]?.validator()
  await until(() => channel.peers().length === 1)
  assert.deepEqual(validator(), keyAddress(key))
  key = identityOf(51, 'ml-dsa-65').key
  atB.channel.announce()
  await until(() => validator()?.toHex() === keyAddress(key).toHex())
  assert.deepEqual([came, score(a)], [[], 0])
})

test('a peer says anew how it takes part under the number it gave, with a proof, and in so many chains', async (context) => {
  const node = await openNode(context, 1)
  const { channel } = joinChain(node, { isValidator: () => true })
  const entryOf = (exporter: Uint8Array, seed = 50, signer = seed) => {
    const hello = chainHello(chainKey(1), exporter, identityOf(99).id)
    const { scheme, publicKey } = identityOf(seed).key
    const validator = { scheme, publicKey, signature: identityOf(signer).key.sign(hello) }
    return { channel: 9, chainKey: chainKey(1), validator }
  }
  const rogue = await openRogue(context, node, { entries: (exporter) => [entryOf(exporter)] })
  await until(() => channel.peers().length === 1)
  const { exporter } = rogue
  const enter = (entry: ChainEntry) => rogue.send({ kind: 16 }, encodeEntry(entry))
  const seen = async (expected: number, seed: number | undefined) => {
    await until(() => score(node) === expected)
    assert.deepEqual(channel.peers()[0]?.validator(), seed && keyAddress(identityOf(seed).key))
  }
  await seen(0, 50)
  enter({ ...entryOf(exporter, 51), channel: 10 })
  await seen(-1, 50)
  for (let at = 2; at < 66; at += 1) enter({ channel: at + 100, chainKey: chainKey(at) })
  await seen(-2, 50)
  enter(entryOf(exporter, 52, 53))
  await until(() => channel.peers()[0]?.validator() === undefined)
  await seen(-52, undefined)
})

test('what changes while a link is made is told over it', async (context) => {
  const came: string[] = []
  const a = await openNode(context, 1)
  const watch = { peerCame: () => came.push('came'), peerWent: () => came.push('went') }
  const atA = joinChain(a, watch)
  const b = await openNode(context, 2)
  const other = joinChain(a, { chainKey: chainKey(2) })
  // Asked for when the hello is made.
  const validator = () => {
    queueMicrotask(() => {
      atB.channel.leave()
      joinChain(b, { chainKey: chainKey(2) })
    })
    return undefined
  }
  const atB = joinChain(b, { validator })
  b.addPeer(addressOf(a))
  await until(() => other.channel.peers().length === 1)
  await until(() => atA.channel.peers().length === 0 && came.length === 2)
  assert.deepEqual([came, count(a)], [['came', 'went'], 1])
})

test('a peer that sends the same over and over is scored in the end', async (context) => {
  const node = await openNode(context, 1)
  const { channel, heard } = joinChain(node, { result: () => ({ kind: 'accept', isNews: false }) })
  const rogue = await openRogue(context, node)
  await until(() => channel.peers().length === 1)
  for (let at = 0; at < 1_003; at += 1) rogue.send({ channel: 1, kind: 1 }, bytesOf('again'))
  await until(() => score(node) === -2)
  assert.equal(heard.length, 1)
})

test('nodes that send each other the same at once do not blame each other', async (context) => {
  const { a, b, atA, atB } = await pair(context, () => ({ kind: 'accept', isNews: false }))
  for (let at = 0; at < 1_200; at += 1) {
    const bytes = Uint8Array.of(at >> 8, at & 255)
    atA.channel.publish(1, bytes, { importance: 'own' })
    atB.channel.publish(1, bytes, { importance: 'own' })
    if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const came = (network: Network) => network.peers()[0]?.received.messages ?? 0
  await until(() => came(a) > 1_200 && came(b) > 1_200)
  assert.deepEqual([atA.heard.length < 1_200, score(a), score(b)], [true, 0, 0])
})

test('a check that fails is our fault', async (context) => {
  const { atA, atB, b } = await pair(context, () => {
    throw new Error('a fault in the check')
  })
  atA.channel.publish(1, bytesOf('anything'))
  await until(() => atB.heard.length === 1)
  assert.deepEqual([count(b), score(b)], [1, 0])
})

test('while a message is checked others that bring it are noted, and nothing more is read from a peer than may wait', async (context) => {
  const a = await openNode(context, 1)
  const bounds = { checks: { messages: 4, bytes: 1_000_000 } }
  const b = await openNode(context, 2, { peers: [addressOf(a)], bounds })
  const waiting: (() => void)[] = []
  const check = () =>
    new Promise<CheckResult>((resolve) => waiting.push(() => resolve({ kind: 'accept' })))
  const rules = { chainKey: chainKey(1), questions: [], isValidator: () => false }
  const atB = b.join({ ...rules, messages: [kindOf(check)] })
  const atA = joinChain(a)
  await until(() => atA.channel.peers().length === 1 && atB.peers().length === 1)
  const [messages, bytes] = [200, 50_000]
  for (let at = 0; at < messages; at += 1) {
    atA.channel.publish(1, new Uint8Array(bytes).fill(at))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until(() => waiting.length >= 4)
  assert.ok(waiting.length < 10, `${waiting.length} are being checked`)
  let done = 0
  await until(() => {
    const finished = waiting.splice(0)
    for (const finish of finished) finish()
    done += finished.length
    return done === messages - (a.peers()[0]?.dropped ?? 0)
  })
})

test('votes come through while more transactions than may wait are being checked, of which the newest give way', async (context) => {
  const a = await openNode(context, 1)
  const bounds = { relays: { messages: 100, bytes: 1_000_000 } }
  const b = await openNode(context, 2, { peers: [addressOf(a)], bounds })
  const waiting: (() => void)[] = []
  const heard: string[] = []
  const transaction = kindOf(
    () => new Promise<CheckResult>((resolve) => waiting.push(() => resolve({ kind: 'accept' }))),
    { number: 2, importance: 'relay' },
  )
  const vote = kindOf((_, bytes) => {
    heard.push(new TextDecoder().decode(bytes))
    return { kind: 'accept' }
  })
  const rules = { chainKey: chainKey(1), questions: [], isValidator: () => false }
  b.join({ ...rules, messages: [vote, transaction] })
  const atA = a.join({ ...rules, messages: [vote, transaction] })
  await until(() => atA.peers().length === 1 && b.peers().length === 1)
  for (let at = 0; at < 300; at += 1) atA.publish(2, bytesOf(`transaction ${at}`))
  atA.publish(1, bytesOf('a vote'))
  await until(() => heard.length === 1)
  assert.equal(waiting.length, 100)
  for (const finish of waiting.splice(0)) finish()
  // What gave way is not remembered: it comes again.
  await until(() => {
    atA.publish(2, bytesOf('transaction 299'), { isRepeated: true })
    return waiting.length > 0
  })
})

test('a message to one peer is not sent on, and one over the limit of its kind is not sent at all', async (context) => {
  const nodes = await Promise.all([1, 2, 3].map((seed) => openNode(context, seed)))
  const heard: string[] = []
  const channels = nodes.map((node) =>
    node.join({
      ...{ chainKey: chainKey(1), questions: [], isValidator: () => false },
      messages: [
        kindOf(
          (from, bytes) => {
            heard.push(`${node.id} heard ${bytes.length} bytes from ${from}`)
            return { kind: 'accept' }
          },
          { isRelayed: false, maxBytes: 10 },
        ),
      ],
    }),
  )
  const [a, b, c] = nodes as [Network, Network, Network]
  const [atA, atB, atC] = channels as [Channel, Channel, Channel]
  b.addPeer(addressOf(a))
  b.addPeer(addressOf(c))
  await until(
    () => atB.peers().length === 2 && atA.peers().length === 1 && atC.peers().length === 1,
  )
  assert.equal(atA.send(b.id, 1, new Uint8Array(3)), true)
  assert.equal(atA.send(c.id, 1, new Uint8Array(3)), false)
  await until(() => heard.length === 1)
  atB.send(c.id, 1, new Uint8Array(4))
  await until(() => heard.length === 2)
  assert.deepEqual(heard, [
    `${b.id} heard 3 bytes from ${a.id}`,
    `${c.id} heard 4 bytes from ${b.id}`,
  ])
  assert.throws(() => atA.publish(1, new Uint8Array(11)), { code: 'network/bad-message' })
  assert.throws(() => atA.publish(2, new Uint8Array(1)), { code: 'network/bad-message' })
})

test('a chain is joined and left while links are open', async (context) => {
  const a = await openNode(context, 1)
  const b = await openNode(context, 2, { peers: [addressOf(a)] })
  await until(() => count(a) === 1 && count(b) === 1)
  const came: string[] = []
  const watch = {
    peerCame: ({ id }: { id: string }) => came.push(`came ${id}`),
    peerWent: ({ id }: { id: string }) => came.push(`went ${id}`),
  }
  const atA = joinChain(a, watch)
  const other = joinChain(a, { chainKey: chainKey(2) })
  const atB = joinChain(b)
  const otherB = joinChain(b, { chainKey: chainKey(2) })
  await until(() => [atA, other, atB, otherB].every(({ channel }) => channel.peers().length === 1))
  assert.throws(() => joinChain(a), { code: 'network/joined-already' })
  atB.channel.publish(1, bytesOf('first'))
  await until(() => atA.heard.length === 1)
  assert.equal(other.heard.length, 0, 'chains do not hear each other')
  atB.channel.leave()
  atA.channel.publish(1, bytesOf('too late'))
  await until(() => atA.channel.peers().length === 0)
  const again = joinChain(b)
  await until(() => atA.channel.peers().length === 1 && again.channel.peers().length === 1)
  atA.channel.publish(1, bytesOf('second'))
  await until(() => again.heard.length === 1)
  assert.deepEqual(came, [`came ${b.id}`, `went ${b.id}`, `came ${b.id}`])
  assert.deepEqual([count(a), atB.heard.length, score(a)], [1, 0, 1])
})

test('in a full mesh nobody passes on what its sender has sent to all; on a line everybody does', async (context) => {
  for (const isMesh of [true, false]) {
    const nodes: Network[] = []
    for (let at = 0; at < 5; at += 1) {
      const linked = isMesh ? nodes : nodes.slice(-1)
      nodes.push(await openNode(context, at + 1, { peers: linked.map(addressOf) }))
    }
    const stories = nodes.map((node) => joinChain(node))
    const ends = isMesh ? 4 : 1
    await until(() => stories[0]?.channel.peers().length === ends)
    await until(() => stories[4]?.channel.peers().length === ends)
    // The links of all must have been told: a word that goes no further than it must says so.
    const sentBy = (node: Network) => node.peers().reduce((sum, { sent }) => sum + sent.messages, 0)
    await until(() => stories.every(({ channel }) => channel.peers().length >= ends))
    await new Promise((resolve) => setTimeout(resolve, 150))
    const before = nodes.map(sentBy)
    for (let word = 0; word < 10; word += 1) stories[0]?.channel.publish(1, bytesOf(`${word}`))
    await until(() => stories.slice(1).every(({ heard }) => heard.length === 10))
    const relayed = nodes.slice(1).map((node, at) => sentBy(node) - (before[at + 1] ?? 0))
    assert.deepEqual(relayed, isMesh ? [0, 0, 0, 0] : [10, 10, 10, 0])
  }
})

test('a peer that lies about its links keeps a word from a third, but not when it is said again', async (context) => {
  const { a, b, atA, atB } = await pair(context, () => ({ kind: 'accept' }))
  const rogue = await openRogue(context, a)
  await until(() => atA.channel.peers().length === 2)
  rogue.send({ channel: 1, kind: 255 }, Uint8Array.fromHex(b.id.slice(0, 16)))
  rogue.send({ channel: 1, kind: 1 }, bytesOf('word'))
  await until(() => atA.heard.length === 1)
  await settle(atA.channel, atB)
  assert.deepEqual(atB.heard, [])
  atA.channel.publish(1, bytesOf('word'), { isRepeated: true })
  await until(() => atB.heard.length === 1)
  // It had a point for news.
  for (let time = 0; time < 2; time += 1) rogue.send({ channel: 1, kind: 255 }, new Uint8Array(7))
  assert.equal(await rogue.farewell(), 'fault')
})
