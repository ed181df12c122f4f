/** Plays a stranger that sends a node what it has no use for: noise, broken frames, nonsense, and votes of another chain. */

import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { encodeMessage } from '../../src/chain/consensus/message-codec.ts'
import type { VoteContent } from '../../src/chain/consensus/messages.ts'
import { voteSignBytes } from '../../src/chain/consensus/sign-bytes.ts'
import type { SigningKey } from '../../src/crypto/signatures.ts'
import { encodeHead } from '../../src/network/link/frame.ts'
import { decodeHello } from '../../src/network/link/hello.ts'
import { connectSecurely } from '../../src/network/link/secure-socket.ts'
import { nodeIdentity } from '../../src/network/node-identity.ts'
import { openRogue, type Rogue } from '../../src/network/test-network/rogue.ts'
import { LinkProxy } from './link-proxy.ts'

/** Whom it bothers. */
export interface GarbageTarget {
  /** Where the node listens. */
  readonly port: number
  readonly chainKey: Uint8Array
  readonly setHash: Uint8Array
  /** Key of a validator, which it signs by for another chain, and that one's place in the set. */
  readonly key: SigningKey
  readonly validatorIndex: number
  readonly height: () => Promise<number>
}

/** How often each was sent. */
export type GarbageCount = Readonly<Record<keyof typeof sorts, number>>

interface Attempt extends GarbageTarget {
  /** Of a proxy, so that the node sees another host than that of its peers. */
  readonly proxyPort: number
  readonly context: { after(run: () => Promise<void> | void): void }
}

/** On the link of a stranger who has said hello, as its messages are addressed. */
async function greeted(attempt: Attempt): Promise<{ rogue: Rogue; channel: number }> {
  const { chainKey, proxyPort, context } = attempt
  const endpoint = { host: '127.0.0.1', port: proxyPort }
  const identity = nodeIdentity('ed25519', new Uint8Array(randomBytes(32)))
  const rogue = await openRogue(
    context,
    { endpoint: () => endpoint },
    {
      ...{ identity, chains: [{ channel: 1, chainKey }] },
    },
  )
  for (let waits = 0; rogue.frames.length === 0 && waits < 100; waits += 1) await pause(20)
  const hello = rogue.frames[0]
  if (hello === undefined || hello.kind !== 0) throw new Error('the node did not answer')
  return { rogue, channel: decodeHello(hello.bytes).chains[0]?.channel ?? 0 }
}

const kindCount = 8

const sorts = {
  async noise({ proxyPort }: Attempt) {
    const socket = connect(proxyPort, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(randomBytes(20_000))
    await pause(50)
    socket.destroy()
  },
  async frames({ proxyPort }: Attempt) {
    const socket = await connectSecurely(
      { host: '127.0.0.1', port: proxyPort },
      AbortSignal.timeout(5_000),
    )
    socket.on('error', () => {})
    socket.write(randomBytes(20_000))
    await pause(50)
    socket.destroy()
  },
  async messages(attempt: Attempt) {
    const { rogue, channel } = await greeted(attempt)
    for (let kind = 0; kind < kindCount; kind += 1) {
      for (const type of [0, 1, 2, 3] as const)
        rogue.send({ channel, kind, type, id: kind }, randomBytes(200))
    }
    await rogue.farewell()
  },
  async oversize(attempt: Attempt) {
    const { rogue, channel } = await greeted(attempt)
    rogue.socket.write(encodeHead({ channel, kind: 0, type: 0, id: 0 }, 2 ** 31))
    await rogue.farewell()
  },
  async replays(attempt: Attempt) {
    const { rogue, channel } = await greeted(attempt)
    const { key, validatorIndex } = attempt
    const height = BigInt(await attempt.height()) + 1n
    const place = { chainKey: new Uint8Array(32).fill(7), setHash: attempt.setHash }
    for (let round = 0; round < 20; round += 1) {
      const content: VoteContent = {
        ...{ instance: 0, type: 'precommit', height, round, validRound: -1 },
        value: new Uint8Array(32).fill(round),
      }
      const signature = key.sign(voteSignBytes(content, place))
      const vote = { ...content, validatorIndex, signature }
      rogue.send({ channel, kind: 0 }, encodeMessage({ kind: 'vote', vote }))
      await pause(2)
    }
    await rogue.farewell()
  },
} as const satisfies Record<string, (attempt: Attempt) => Promise<void>>

/** Bothers a node for so many seconds, in turns with each sort; a new stranger each time. */
export async function sendGarbage(target: GarbageTarget, seconds: number): Promise<GarbageCount> {
  const endings: (() => Promise<void> | void)[] = []
  const context = { after: (run: () => Promise<void> | void) => void endings.push(run) }
  const proxy = await LinkProxy.open(target.port, '127.0.0.2')
  const counts = { noise: 0, frames: 0, messages: 0, oversize: 0, replays: 0 }
  const end = performance.now() + seconds * 1_000
  const names = Object.keys(sorts) as (keyof typeof sorts)[]
  for (let turn = 0; performance.now() < end; turn += 1) {
    const name = names[turn % names.length] ?? 'noise'
    const attempt = { ...target, context, proxyPort: proxy.port }
    // A host that bothers is kept out for a while.
    const came = await Promise.race([
      sorts[name](attempt).then(
        () => true,
        () => false,
      ),
      pause(5_000, false),
    ])
    if (came) counts[name] += 1
    else await pause(500)
  }
  for (const run of endings) await run()
  await proxy.close()
  return counts
}
