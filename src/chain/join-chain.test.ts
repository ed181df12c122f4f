/** Lets nodes join a chain by snapshots: from honest peers, from liars, and after a kill at any point. */

import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fromBigInt, padStart } from '../base/bytes.ts'
import { silentLogger } from '../base/logger.ts'
import { keccak256 } from '../crypto/keccak.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import type { ChainNetwork, JoinNetwork } from './chain-network.ts'
import type { DrivenChain } from './chain-parts.ts'
import { type JoinOptions, type JoinProgress, joinChain } from './join-chain.ts'
import { encodeRlp } from './ledger/rlp.ts'
import { encodeTransaction, signTransaction } from './ledger/transaction-codec.ts'
import { later, syncMessages } from './syncing/sync-messages.ts'
import { SwiftClock } from './test-chain/swift-clock.ts'
import { TestLinks } from './test-chain/test-links.ts'
import { nodeFolder, startNode, validatorKeys, votedManifest } from './test-chain/voted-chain.ts'
import { verifyChain } from './verify-chain.ts'

const key = new Uint8Array(32).fill(1)
const owner = addressOfKey(key)
const keys = validatorKeys(1)
const patient = { baseMs: 3_600_000, deltaMs: 1_000 }
const plain = votedManifest(owner, keys)
/** So many accounts, with code of their own, that a snapshot has two chunks. */
const accounts = Array.from({ length: 2_000 }, (_, at) => ({
  ...{ address: padStart(fromBigInt(BigInt(at + 1)), 20), balance: 10n ** 18n + BigInt(at) },
  ...{ nonce: 0n, code: padStart(fromBigInt(BigInt(at + 1)), 600), storage: [] },
}))
const manifest = {
  ...plain,
  genesis: { ...plain.genesis, accounts: [...plain.genesis.accounts, ...accounts] },
  consensus: {
    ...plain.consensus,
    ...{ timeouts: { propose: patient, prevote: patient, precommit: patient } },
    maxTimeoutMs: 7_200_000,
  },
} as typeof plain
const every = 40

/** A chain of 110 blocks with a validator and a follower, both of which have its snapshots. */
let folder: string
let links: TestLinks
let server: DrivenChain
let second: DrivenChain

/** Stores 1 to 200 in the slots of these numbers, and has a byte of code. */
const filling = Uint8Array.fromHex('60c85b808055600190038060025760016000f3')
const filled = keccak256(encodeRlp([owner, new Uint8Array()])).slice(12)

function transfer(nonce: number): Uint8Array {
  const to = nonce === 0 ? undefined : new Uint8Array(20).fill(nonce)
  const signed = signTransaction(
    {
      ...{ type: 2, chainId: 7n, nonce: BigInt(nonce), gasLimit: 8_000_000n, to },
      ...{ value: BigInt(nonce), data: to ? new Uint8Array() : filling, accessList: [] },
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
    },
    key,
  )
  return encodeTransaction(signed)
}

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'joined-chain-'))
  links = new TestLinks()
  const time = new SwiftClock(Date.now() - 400_000)
  const [first] = keys
  const place = (name: string) => ({
    ...{ name, folder: path.join(folder, name), manifest, snapshotEvery: every },
  })
  server = await startNode(links, { ...place('server'), ...(first && { keys: [first] }) }, time)
  second = await startNode(links, place('second'), time)
  for (let nonce = 0; nonce < 60; nonce += 1) {
    await server.submit(transfer(nonce))
    const { number } = server.head().header
    await time.until(() => server.head().header.number > number)
  }
  await time.until(() => server.head().header.number >= 110n && second.head().header.number >= 109n)
  const files = async (name: string) =>
    (await readdir(path.join(folder, name, manifest.name, 'snapshots'))).join()
  for (const name of ['server', 'second']) {
    while ((await files(name)) !== '40.snapshot,80.snapshot') {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
})

after(async () => {
  await server.stop()
  await second.stop()
  await rm(folder, { recursive: true, force: true })
})

type Ask = ChainNetwork['ask']

/** Links to the chain's nodes in which a peer answers otherwise. */
function altered(alter: (peer: string, ask: Ask, ...asked: Parameters<Ask>) => ReturnType<Ask>) {
  const join: JoinNetwork = (chain) => {
    const network = links.join('joiner')(chain)
    const ask: Ask = (to, ...rest) => alter(to, network.ask, to, ...rest)
    return { ...network, ask }
  }
  return join
}

interface Joining extends Partial<JoinOptions> {
  readonly join?: JoinNetwork
  readonly signal?: AbortSignal
  readonly tell?: (progress: JoinProgress) => void
}

function joinIn(
  place: string,
  { join = links.join('joiner'), signal, tell, ...options }: Joining = {},
) {
  return joinChain(
    { manifest, folder: place, farBehind: 20n, waitMs: 1_000, graceMs: 20, ...options },
    {
      ...{ join, clock: { nowMs: () => Date.now() }, logger: silentLogger },
      ...(tell && { tell }),
      ...(signal && { signal }),
    },
  )
}

/** Opens the chain that was joined, lets it catch up, and compares it with the server's. */
async function mustFollow(t: TestContext, place: string, base: bigint): Promise<void> {
  const chain = await startNode(links, { name: 'joiner', folder: place, manifest })
  t.after(() => chain.stop())
  const { number, hash } = server.head()
    ? { number: server.head().header.number, hash: server.head().hash }
    : assert.fail()
  while (chain.head().header.number < number) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.deepEqual(chain.head().hash, hash)
  assert.equal(chain.firstBlock(), base + 1n)
  assert.equal(chain.byNumber(base - 1n), undefined)
  assert.deepEqual(chain.blockHash(base - 10n), server.blockHash(base - 10n))
  assert.deepEqual(chain.byNumber(base + 1n)?.block, server.byNumber(base + 1n)?.block)
  const [own, theirs] = [chain.stateAt(hash), server.stateAt(hash)]
  assert.equal(own?.account(owner)?.nonce, 60n)
  assert.deepEqual(own?.account(owner), theirs?.account(owner))
  assert.equal(own?.storage(filled, 200n), 200n)
  assert.equal(own?.account(filled)?.nonce, 1n)
  assert.ok(chain.finalityProof(0n, number))
  assert.equal(chain.finalityProof(1n, number), undefined)
}

describe('a node that joins by a snapshot', () => {
  test('gets it from all who have the same, and goes on like any other', async (t) => {
    const place = await nodeFolder(t)
    const phases = new Set<string>()
    links.questions.clear()
    const result = await joinIn(place, { tell: ({ phase }) => void phases.add(phase) })
    assert.deepEqual(result, { kind: 'joined', number: 80n })
    assert.deepEqual([...phases], ['peers', 'proof', 'chunks', 'state'])
    await mustFollow(t, place, 80n)
    assert.deepEqual(await readdir(path.join(place, manifest.name)), [
      ...['base.state', 'blocks.log', 'evidence.held'],
      ...['manifest.json', 'manifest.seal', 'state.checkpoint'],
    ])
  })

  test('is verified from there on, and starts again, also without its checkpoint', async (t) => {
    const place = await nodeFolder(t)
    await joinIn(place)
    const chain = await startNode(links, { name: 'joiner', folder: place, manifest })
    while (chain.head().header.number < 109n) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await chain.stop()
    const found = await verifyChain({ manifest, folder: place, run: true })
    assert.deepEqual([found.faults, found.head.number >= 109n], [[], true])
    await rm(path.join(place, manifest.name, 'state.checkpoint'))
    await mustFollow(t, place, 80n)
  })

  test('begins with a block that it is told to trust, and with no other', async (t) => {
    const trust = (number: bigint, hash = server.blockHash(number)) => ({
      trust: { number, hash: hash as Uint8Array },
    })
    for (const number of [1n, 70n, 80n]) {
      const place = await nodeFolder(t)
      assert.equal((await joinIn(place, trust(number))).kind, 'joined')
    }
    const place = await nodeFolder(t)
    const wrong = await joinIn(place, trust(70n, server.blockHash(71n)))
    assert.deepEqual(wrong, { kind: 'left', reason: 'nobody has a snapshot that holds' })
    const late = await joinIn(place, trust(100n))
    assert.equal(late.kind, 'left')
  })

  test('leaves it where it is not far behind, or begun already, or alone', async (t) => {
    const place = await nodeFolder(t)
    const near = await joinIn(place, { farBehind: 1_000n })
    assert.match(near.kind === 'left' ? near.reason : '', /11\d blocks behind/)
    const alone = await joinIn(place, { join: new TestLinks().join('joiner'), waitMs: 30 })
    assert.deepEqual(alone, { kind: 'left', reason: 'nobody of the chain answers' })
    await joinIn(place)
    assert.deepEqual(await joinIn(place), { kind: 'left', reason: 'it is begun already' })
  })

  const flip = (bytes: Uint8Array, at: number) => {
    const wrong = bytes.slice()
    wrong[at] = (wrong[at] as number) ^ 1
    return wrong
  }
  type Offer = NonNullable<ReturnType<typeof syncMessages.offer.decode>['what']>
  const otherOffer = (bytes: Uint8Array | undefined, change: (offer: Offer) => Partial<Offer>) => {
    if (bytes === undefined) return undefined
    const { head, what } = syncMessages.offer.decode(bytes)
    return syncMessages.offer.encode({ head, what: what && { ...what, ...change(what) } })
  }
  const otherChunk = (
    bytes: Uint8Array | undefined,
    change: (chunk: Parameters<typeof syncMessages.chunk.encode>[0]) => object,
  ) => {
    const chunk = bytes && syncMessages.chunk.decode(bytes)
    return chunk && syncMessages.chunk.encode({ ...chunk, ...change(chunk) })
  }
  type Lie = (
    question: Parameters<Ask>[1],
    answer: Uint8Array | undefined,
  ) => Uint8Array | undefined
  const lies: Readonly<Record<string, Lie>> = {
    'a wrong chunk': (question, answer) =>
      question === 'chunk'
        ? otherChunk(answer, ({ bytes }) => ({ bytes: flip(bytes, 7) }))
        : answer,
    'a short chunk': (question, answer) =>
      question === 'chunk'
        ? otherChunk(answer, ({ bytes }) => ({ bytes: bytes.subarray(1) }))
        : answer,
    'another chunk': (question, answer) =>
      question === 'chunk' ? otherChunk(answer, () => ({ index: 1 })) : answer,
    'bytes that are nothing': (question, answer) =>
      question === 'chunk' ? Uint8Array.of(1, 2, 3) : answer,
    'what does not follow from the block': (question, answer) =>
      question === 'snapshot'
        ? otherOffer(answer, ({ derived }) => ({ derived: flip(derived, derived.length - 1) }))
        : answer,
    'what does not follow from the parent': (question, answer) =>
      question === 'snapshot'
        ? otherOffer(answer, ({ derived }) => ({ parentDerived: flip(derived, 40) }))
        : answer,
    'other headers': (question, answer) =>
      question === 'snapshot'
        ? otherOffer(answer, ({ headers: [first, ...rest] }) => ({
            headers: [flip(first as Uint8Array, 20), ...rest],
          }))
        : answer,
    'too few headers': (question, answer) =>
      question === 'snapshot'
        ? otherOffer(answer, ({ headers: [, ...rest] }) => ({ headers: rest }))
        : answer,
    'a forged certificate': (question, answer) =>
      question === 'snapshot'
        ? otherOffer(answer, ({ certificate }) => ({
            certificate: flip(certificate, certificate.length - 3),
          }))
        : answer,
    'another state': (question, answer) =>
      question === 'snapshot'
        ? otherOffer(answer, ({ root }) => ({ root: flip(root, 0) }))
        : answer,
    'a snapshot of endless chunks': (question, answer) =>
      question === 'snapshot' ? otherOffer(answer, () => ({ byteLength: 60 * 1024 ** 3 })) : answer,
    'a forged proof': (question, answer) =>
      question === 'proof' && answer ? flip(answer, answer.length - 9) : answer,
    'no proof': (question, answer) => (question === 'proof' ? Uint8Array.of(9) : answer),
  }
  for (const [name, lie] of Object.entries(lies)) {
    test(`leaves a peer that gives ${name}`, async (t) => {
      links.complaints.length = 0
      const join = altered(async (peer, ask, ...asked) => {
        const answer = await ask(...asked)
        return peer === 'server' ? lie(asked[1], answer) : answer
      })
      const place = await nodeFolder(t)
      assert.deepEqual(await joinIn(place, { join }), { kind: 'joined', number: 80n })
      for (const { by, of } of links.complaints) if (by === 'joiner') assert.equal(of, 'server')
    })
    test(`joins nothing where all give ${name}`, async (t) => {
      links.complaints.length = 0
      const join = altered(async (_, ask, ...asked) => lie(asked[1], await ask(...asked)))
      const place = await nodeFolder(t)
      const { kind } = await joinIn(place, { join })
      assert.equal(kind, 'left')
      const blamed = links.complaints.filter(({ by }) => by === 'joiner')
      assert.deepEqual(new Set(blamed.map(({ of }) => of)), new Set(['server', 'second']))
      // Nothing is left of it that keeps it from joining others.
      assert.deepEqual(await joinIn(place), { kind: 'joined', number: 80n })
    })
  }

  test('goes on where it was killed, at whatever point', async (t) => {
    const place = await nodeFolder(t)
    const copies: string[] = []
    // What is on disk whenever something is told is what a kill leaves there.
    const tell = () => {
      const copy = path.join(place, `killed-${copies.length}`)
      copies.push(copy)
      const own = path.join(place, 'joining')
      if (existsSync(own)) cpSync(own, copy, { recursive: true })
    }
    await joinIn(path.join(place, 'joining'), { tell })
    assert.ok(copies.length > 6)
    const chunksOf = async (copy: string) => {
      let questions = 0
      const join = altered((_, ask, ...own) => {
        questions += 1
        return ask(...own)
      })
      assert.deepEqual(await joinIn(copy, { join }), { kind: 'joined', number: 80n })
      return questions
    }
    const asked: number[] = []
    for (const copy of copies) asked.push(await chunksOf(copy))
    // What was there was not asked for again.
    assert.ok(asked[0] !== undefined && (asked.at(-1) as number) < asked[0])
    assert.equal(asked.at(-1), 0)
    await mustFollow(t, copies[copies.length >> 1] as string, 80n)
  })

  test('goes on from chunks of which the last is torn or damaged', async (t) => {
    const place = await nodeFolder(t)
    const folder = path.join(place, manifest.name)
    const until = { phase: 'state' }
    let kept = Buffer.alloc(0)
    await joinIn(place, {
      tell: ({ phase }) => {
        if (phase === until.phase && kept.length === 0) {
          kept = readFileSync(path.join(folder, 'joining', 'chunks.log'))
          cpSync(folder, path.join(place, 'left'), { recursive: true })
        }
      },
    })
    for (const length of [10, 30, 5_000, kept.length - 1, kept.length - 100_000]) {
      const again = await nodeFolder(t)
      cpSync(path.join(place, 'left'), path.join(again, manifest.name), { recursive: true })
      rmSync(path.join(again, manifest.name, 'base.state.new'), { force: true })
      const file = path.join(again, manifest.name, 'joining', 'chunks.log')
      writeFileSync(file, kept.subarray(0, length))
      assert.deepEqual(await joinIn(again), { kind: 'joined', number: 80n })
    }
  })

  test('ends when it is told to, and goes on later', async (t) => {
    const place = await nodeFolder(t)
    const ending = new AbortController()
    const tell = ({ phase }: JoinProgress) => {
      if (phase === 'chunks') ending.abort()
    }
    await assert.rejects(joinIn(place, { tell, signal: ending.signal }), { code: 'chain/over' })
    assert.deepEqual(await joinIn(place), { kind: 'joined', number: 80n })
  })

  test('comes again to peers that say "later", and scores nobody', async (t) => {
    let left = 5
    const join = altered(async (_, ask, ...asked) => {
      if (asked[1] !== 'chunk' || left === 0) return ask(...asked)
      left -= 1
      return later
    })
    const before = links.complaints.length
    const place = await nodeFolder(t)
    assert.equal((await joinIn(place, { join })).kind, 'joined')
    assert.deepEqual([left, links.complaints.length], [0, before])
  })

  test('asks others when a peer answers no more', async (t) => {
    const join = altered(async (peer, ask, ...asked) =>
      peer === 'server' && asked[1] === 'chunk' ? undefined : ask(...asked),
    )
    const place = await nodeFolder(t)
    assert.equal((await joinIn(place, { join })).kind, 'joined')
  })
})
