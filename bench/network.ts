/** Measures the CPU of a message of 1 kB over the encrypted link, both ends together, beside a bare TLS socket. */

import type { AddressInfo } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { systemClock, systemTimer } from '../src/base/clock.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { createNetwork } from '../src/network/create-network.ts'
import type { Channel, Network } from '../src/network/network.ts'
import { nodeIdentity } from '../src/network/node-identity.ts'
import { inTurns, ratio, spreadOf, spreadText, table, timed } from './measure.ts'

const messageBytes = 1_000
const messages = { stream: 20_000, single: 5_000 }
type Way = keyof typeof messages

/** A way to send messages and to hear how many came. */
interface Line {
  send(message: Uint8Array): void
  /** Whether more may be sent without anything being dropped. */
  hasRoom(): boolean
  heard: () => number
  close(): Promise<void>
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** CPU of one message in µs: all at once, or each after the one before has come. */
async function measured(open: () => Promise<Line>, way: Way): Promise<number> {
  const line = await open()
  const count = messages[way]
  const send = async (from: number, to: number) => {
    for (let at = from; at < to; at += 1) {
      const message = new Uint8Array(messageBytes)
      new DataView(message.buffer).setUint32(0, at)
      line.send(message)
      while (way === 'single' ? line.heard() <= at : !line.hasRoom()) await turn()
    }
    while (line.heard() < to) await turn()
  }
  // The first ones compile what runs.
  await send(0, 2_000)
  const seconds = await timed(() => send(2_000, 2_000 + count))
  await line.close()
  return (seconds * 1e6) / count
}

async function openNode(seed: number, peers: readonly string[], heard: () => void) {
  const network = createNetwork(
    {
      ...{ identity: nodeIdentity('ml-dsa-65', new Uint8Array(32).fill(seed)), agent: 'bench' },
      ...{ listen: { host: '127.0.0.1', port: 0 }, peers },
    },
    {
      ...{ clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
      chance: Math.random,
    },
  )
  const channel = network.join({
    ...{ chainKey: new Uint8Array(32), questions: [], isValidator: () => false },
    messages: [
      {
        ...{ number: 1, name: 'bench', maxBytes: messageBytes, importance: 'current' },
        isRelayed: true,
        check: () => {
          heard()
          return { kind: 'accept' }
        },
      },
    ],
  })
  await network.start()
  return { network, channel }
}

/** The line between two nodes: identities of ML-DSA-65, gossip with hashes, frames, queues. */
async function openLink(): Promise<Line> {
  let heard = 0
  const a = await openNode(1, [], () => {
    heard += 1
  })
  const { host, port } = a.network.endpoint() ?? { host: '', port: 0 }
  const b = await openNode(2, [`${a.network.id}@${host}:${port}`], () => {})
  const isLinked = (channel: Channel) => channel.peers().length > 0
  while (!isLinked(a.channel) || !isLinked(b.channel)) await turn()
  const waiting = (network: Network) => network.peers()[0]?.waiting.messages ?? 0
  let sent = 0
  return {
    send: (message) => {
      sent += b.channel.publish(1, message)
    },
    // Looked at now and then: it is for people to look at, and makes a list.
    hasRoom: () => sent % 64 > 0 || waiting(b.network) < 512,
    heard: () => heard,
    close: async () => {
      await Promise.all([a.network.stop(), b.network.stop()])
    },
  }
}

/** The same TLS without anything of ours: each message is one write. */
async function openSocket(): Promise<Line> {
  const { selfSigned } = await import('../src/network/link/certificate.ts')
  let bytes = 0
  const options = { ...selfSigned(), ecdhCurve: 'X25519MLKEM768', minVersion: 'TLSv1.3' } as const
  const server = tls.createServer({ ...options, ciphers: 'TLS_AES_256_GCM_SHA384' }, (socket) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const socket = await new Promise<TLSSocket>((resolve) => {
    const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      resolve(client),
    )
  })
  socket.setNoDelay(true)
  return {
    send: (message) => socket.write(message),
    hasRoom: () => !socket.writableNeedDrain,
    heard: () => Math.floor(bytes / messageBytes),
    close: () =>
      new Promise((resolve) => {
        socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** The table of docs/performance.md. */
export async function networkTable(runs: number): Promise<string> {
  const found = await inTurns(runs, {
    link: () => measured(openLink, 'stream'),
    socket: () => measured(openSocket, 'stream'),
    linkSingle: () => measured(openLink, 'single'),
    socketSingle: () => measured(openSocket, 'single'),
  })
  const row = (name: string, ours: 'link' | 'linkSingle', floor: 'socket' | 'socketSingle') => [
    ...[name, spreadText(spreadOf(found.get(ours) ?? []), 1)],
    ...[spreadText(spreadOf(found.get(floor) ?? []), 1)],
    spreadText(ratio(found.get(ours), found.get(floor))),
  ]
  return table(
    ['messages of 1,000 bytes', 'link, µs', 'bare TLS socket, µs', 'link ÷ socket'],
    [
      row('as many as go', 'link', 'socket'),
      row('each after the one before has come', 'linkSingle', 'socketSingle'),
    ],
  )
}
