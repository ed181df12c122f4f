/** Carries messages between nodes in virtual time: each has one line out, one line in, and one processor. */

import { GCProfiler } from 'node:v8'
import type { Timer } from '../src/base/clock.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { ChainChannel } from '../src/network/channel/chain-channel.ts'
import { Questions } from '../src/network/channel/questions.ts'
import type { FrameHead } from '../src/network/link/frame.ts'
import { networkMeasures } from '../src/network/measures.ts'
import type { ChannelRules, Network } from '../src/network/network.ts'
import { usualBounds } from '../src/network/network-bounds.ts'
import type { Peer } from '../src/network/peers/peer.ts'
import type { EventQueue } from '../test/simulation/event-queue.ts'
import { threadMs } from './measure.ts'

/** The world between the nodes. */
export interface Lines {
  readonly delayMs: number
  readonly bitsPerSecond: number
}

/** Bytes that head, TLS record, TCP and IP add to a message, and to each packet of a long one. */
const [messageOverhead, packetOverhead, packetBytes] = [12 + 22 + 40, 40, 1_460]

/** What went over a node's line. */
export interface LineCount {
  messages: number
  bytes: number
}

/** A processor and two lines. */
export class VirtualHost {
  readonly id: string
  readonly #queue: EventQueue
  readonly #lines: Lines
  readonly sent: LineCount = { messages: 0, bytes: 0 }
  /** What collections of the heap took while it worked. */
  collectedMs = 0
  #busyUntilMs = 0
  #outFreeMs = 0
  #inFreeMs = 0
  #outbox: (() => void)[] | undefined
  #costMs = 0

  constructor(id: string, queue: EventQueue, lines: Lines) {
    this.id = id
    this.#queue = queue
    this.#lines = lines
  }

  /**
   * Does work when the processor is free. What it sends leaves when it is done: after the time that it took here, and what
   * it was charged beside. Collections are left out: they are of a heap that all nodes share, not of this one's.
   */
  work(run: () => void): void {
    this.#queue.at(Math.max(this.#queue.nowMs, this.#busyUntilMs), () => {
      if (this.#busyUntilMs > this.#queue.nowMs) return this.work(run)
      this.#outbox = []
      this.#costMs = 0
      const collections = new GCProfiler()
      collections.start()
      const begun = threadMs()
      run()
      const ranMs = threadMs() - begun
      const outbox = this.#outbox
      this.#outbox = undefined
      let collectedMs = 0
      for (const { cost } of collections.stop()?.statistics ?? []) collectedMs += cost / 1_000
      this.collectedMs += collectedMs
      const tookMs = this.#costMs + Math.max(0, ranMs - collectedMs)
      this.#busyUntilMs = this.#queue.nowMs + tookMs
      this.#queue.at(this.#busyUntilMs, () => {
        for (const leave of outbox) leave()
      })
    })
  }

  /** Adds to the time of the work under way. */
  charge(costMs: number): void {
    this.#costMs += costMs
  }

  /** Does something when the work under way is done. */
  after(run: () => void): void {
    if (this.#outbox) this.#outbox.push(run)
    else run()
  }

  /** Puts a message on the line; it is there when the receiver's line has brought all of it. */
  send(to: VirtualHost, bytes: number, arrive: () => void): void {
    this.after(() => {
      const packets = Math.ceil(bytes / packetBytes)
      const size = bytes + messageOverhead + (packets - 1) * packetOverhead
      const lineMs = (size * 8_000) / this.#lines.bitsPerSecond
      this.sent.messages += 1
      this.sent.bytes += size
      this.#outFreeMs = Math.max(this.#outFreeMs, this.#queue.nowMs) + lineMs
      this.#queue.at(this.#outFreeMs + this.#lines.delayMs, () => to.#arrives(lineMs, arrive))
    })
  }

  #arrives(lineMs: number, arrive: () => void): void {
    // The first bits came while the last ones were leaving.
    this.#inFreeMs = Math.max(this.#inFreeMs + lineMs, this.#queue.nowMs)
    this.#queue.at(this.#inFreeMs, arrive)
  }
}

/** The links of one node as its chain joins them: the channel is the real one, what carries its frames is not. */
export class VirtualNetwork implements Pick<Network, 'join' | 'addPeer'> {
  readonly host: VirtualHost
  readonly #serial: number
  readonly #queue: EventQueue
  #channel: ChainChannel | undefined
  #chainKey = new Uint8Array()

  constructor(host: VirtualHost, serial: number, queue: EventQueue) {
    this.host = host
    this.#serial = serial
    this.#queue = queue
  }

  join(rules: ChannelRules): ChainChannel {
    this.#chainKey = rules.chainKey as Uint8Array<ArrayBuffer>
    this.#channel = new ChainChannel(rules, {
      ...{ number: 1, logger: silentLogger, measures: networkMeasures(noMetrics, () => []) },
      ...{ nowMs: () => this.#queue.nowMs, timer: virtualTimer(this.#queue) },
      ...{ score: () => {}, announce: () => {}, left: () => {}, relays: usualBounds.relays },
    })
    return this.#channel
  }

  addPeer(): void {}

  /** Links two nodes, as this one sees it. */
  link(other: VirtualNetwork): void {
    const peer = this.#peer(other)
    this.#channel?.came(peer, { channel: 1, chainKey: this.#chainKey })
  }

  #peer(other: VirtualNetwork): Peer {
    const { host } = other
    const send = (head: FrameHead, bytes: Uint8Array) => {
      this.host.send(host, bytes.length, () => host.work(() => other.#receive(this, head, bytes)))
      return true
    }
    const facts = { serial: other.#serial, exporter: new Uint8Array(32) }
    const questions = new Questions(virtualTimer(this.#queue))
    return { id: host.id, facts, link: { send }, questions } as unknown as Peer
  }

  #receive(from: VirtualNetwork, head: FrameHead, bytes: Uint8Array): void {
    const member = this.#channel?.member(from.host.id)
    if (member) void this.#channel?.receive(member.peer, { ...head, bytes })
  }
}

function virtualTimer(queue: EventQueue): Timer {
  return {
    after(delayMs, run) {
      let isOn = true
      queue.at(queue.nowMs + delayMs, () => {
        if (isOn) run()
      })
      return () => {
        isOn = false
      }
    },
  }
}
