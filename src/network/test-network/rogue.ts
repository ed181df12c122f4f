/** Plays a peer in tests that greets as it should and then does whatever it is told to. */

import type { TLSSocket } from 'node:tls'
import { concatBytes } from '../../base/bytes.ts'
import { type Farewell, farewellOf } from '../link/farewell.ts'
import { encodeHead, type Frame, FrameDecoder, type FrameHead } from '../link/frame.ts'
import { type ChainEntry, encodeHello } from '../link/hello.ts'
import { connectSecurely, exporterValue } from '../link/secure-socket.ts'
import type { Network } from '../network.ts'
import { linkHello, type NodeIdentity } from '../node-identity.ts'
import { chainKey, identityOf, until } from './open-nodes.ts'

/** What a rogue says of itself. */
export interface RogueParts {
  readonly identity?: NodeIdentity
  readonly chains?: readonly ChainEntry[]
  /** The same, made for the link. */
  readonly entries?: (exporter: Uint8Array) => readonly ChainEntry[]
  /** Signs this instead of what it should. */
  readonly signs?: (exporter: Uint8Array) => Uint8Array
}

/** A rogue that is connected. */
export interface Rogue {
  readonly id: string
  readonly socket: TLSSocket
  readonly exporter: Uint8Array
  /** Frames that came, the hello first. */
  readonly frames: readonly Frame[]
  send(head: Partial<FrameHead>, bytes?: Uint8Array): void
  /** Why the node ended the link. */
  farewell(): Promise<Farewell>
}

/** What ends a rogue. */
interface Context {
  after(run: () => void): void
}

type Listening = Pick<Network, 'endpoint'>

/** A connection to a node without a word. */
export async function connectTo(context: Context, network: Listening): Promise<TLSSocket> {
  const endpoint = network.endpoint() ?? { host: '', port: 0 }
  const socket = await connectSecurely(endpoint, new AbortController().signal)
  context.after(() => socket.destroy())
  return socket
}

/** Connects to a node and says hello; on chain 1 under number 9 unless told otherwise. */
export async function openRogue(
  context: Context,
  network: Listening,
  { identity = identityOf(99), chains, entries, signs }: RogueParts = {},
): Promise<Rogue> {
  const socket = await connectTo(context, network)
  const exporter = exporterValue(socket)
  const frames: Frame[] = []
  const decoder = new FrameDecoder(() => 2 ** 24)
  socket.on('data', (chunk: Buffer) => {
    decoder.push(chunk)
    for (let frame = decoder.next(); frame; frame = decoder.next()) frames.push(frame)
  })
  const send = (head: Partial<FrameHead>, bytes: Uint8Array = new Uint8Array()) => {
    const whole = { channel: 0, kind: 0, type: 0, id: 0, ...head } as const
    socket.write(concatBytes(encodeHead(whole, bytes.length), bytes))
  }
  const { scheme, publicKey } = identity.key
  const signed = signs?.(exporter) ?? linkHello('dialler', exporter, identity.id)
  const hello = {
    ...{ agent: 'rogue', port: 0, record: new Uint8Array() },
    node: { scheme, publicKey, signature: identity.key.sign(signed) },
    chains: entries?.(exporter) ?? chains ?? [{ channel: 9, chainKey: chainKey(1) }],
  }
  send({}, encodeHello(hello))
  const goodbye = () => frames.find(({ channel, kind, type }) => channel + type === 0 && kind === 1)
  const farewell = async () => {
    await until(() => goodbye() !== undefined || socket.destroyed)
    return farewellOf(goodbye()?.bytes[0])
  }
  return { id: identity.id, socket, exporter, frames, send, farewell }
}
