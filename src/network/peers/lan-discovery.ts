/** Tells the local network of this node by multicast, and hears of others. */

import { createSocket, type Socket } from 'node:dgram'
import { concatBytes, equalBytes, toHex } from '../../base/bytes.ts'
import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Endpoint, PeerId } from '../network.ts'
import { peerIdBytes } from '../node-identity.ts'

/** Where nodes of a local network find each other. */
export interface LanOptions {
  /** Multicast address; 239.255.30.40 unless said (RFC 2365, the local scope). */
  readonly group?: string
  /** 30400 unless said. */
  readonly port?: number
  /** Address of the interface; the machine's choice unless said. */
  readonly through?: string
}

/** What a node says to all. */
export interface Beacon {
  readonly id: PeerId
  /** Where it listens. */
  readonly port: number
  /** The first 8 bytes of the keys of its chains. */
  readonly chains: readonly Uint8Array[]
}

/** What discovery needs of the node. */
export interface LanSurroundings {
  readonly timer: Timer
  readonly logger: Logger
  readonly chance: () => number
  /** What to say, or nothing. */
  readonly beacon: () => Beacon | undefined
  readonly heard: (beacon: Beacon, endpoint: Endpoint) => void
}

const tag = new TextEncoder().encode('QSL1')
const mostChains = 16
const chainBytes = 8
const periodMs = 10_000
const usual = { group: '239.255.30.40', port: 30_400 }

/** Tag (4) ‖ id (32) ‖ port u16 ‖ count u8 ‖ 8 bytes for each chain. It is not signed: a link proves who a node is. */
export function encodeBeacon({ id, port, chains }: Beacon): Uint8Array {
  const some = chains.slice(0, mostChains).map((key) => key.slice(0, chainBytes))
  const numbers = Uint8Array.of(port >> 8, port & 255, some.length)
  return concatBytes(tag, peerIdBytes(id), numbers, ...some)
}

/** `undefined` for what is no beacon. */
export function decodeBeacon(bytes: Uint8Array): Beacon | undefined {
  const count = bytes[38] ?? 0
  const isWhole = bytes.length === 39 + count * chainBytes && count <= mostChains
  if (!isWhole || !equalBytes(bytes.subarray(0, 4), tag)) return undefined
  const chains = Array.from({ length: count }, (_, at) =>
    bytes.slice(39 + at * chainBytes, 47 + at * chainBytes),
  )
  const port = ((bytes[36] ?? 0) << 8) | (bytes[37] ?? 0)
  return port === 0 ? undefined : { id: toHex(bytes.subarray(4, 36)).slice(2), port, chains }
}

export class LanDiscovery {
  readonly #options: typeof usual & LanOptions
  readonly #around: LanSurroundings
  #socket: Socket | undefined
  #cancel: () => void = () => {}

  constructor(options: LanOptions, around: LanSurroundings) {
    this.#options = { ...usual, ...options }
    this.#around = around
  }

  /** Begins; a network without multicast is told to the log and does no harm. */
  async start(): Promise<void> {
    const { group, port, through } = this.#options
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    this.#socket = socket
    socket.on('message', (bytes, { address }) => {
      const beacon = decodeBeacon(bytes)
      if (beacon) this.#around.heard(beacon, { host: address, port: beacon.port })
    })
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind(port, resolve)
      })
      socket.addMembership(group, through)
      if (through !== undefined) socket.setMulticastInterface(through)
      socket.setMulticastTTL(1)
      socket.on('error', () => {})
      this.#tell()
    } catch (error) {
      this.#around.logger.warn('nodes of the local network are not found: no multicast', { error })
      await this.stop()
    }
  }

  async stop(): Promise<void> {
    this.#cancel()
    const socket = this.#socket
    this.#socket = undefined
    if (socket) await new Promise<void>((resolve) => socket.close(resolve))
  }

  #tell(): void {
    const { timer, chance, beacon } = this.#around
    const { group, port } = this.#options
    const own = beacon()
    if (own) this.#socket?.send(encodeBeacon(own), port, group, () => {})
    this.#cancel = timer.after(periodMs * (0.5 + chance()), () => this.#tell())
  }
}
