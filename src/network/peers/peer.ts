/** Holds one link to a peer that is known: its chains, its questions, and what arrives over it. */

import { AppError } from '../../base/app-error.ts'
import { toHex } from '../../base/bytes.ts'
import type { Timer } from '../../base/clock.ts'
import { Questions } from '../channel/questions.ts'
import type { Ending } from '../link/farewell.ts'
import { type Frame, type FrameHead, frameTypes } from '../link/frame.ts'
import type { Greeted } from '../link/greeting.ts'
import { type ChainEntry, decodeEntry, encodeEntry, maxEntryBytes } from '../link/hello.ts'
import { type Link, type LinkHandler, linkHead } from '../link/link.ts'
import type { Endpoint, Fault, PeerId } from '../network.ts'
import { peerFaults } from '../peer-faults.ts'

/** What takes the frames of one channel. */
export interface FrameTaker {
  limitOf(peer: Peer, head: FrameHead): number | undefined
  receive(peer: Peer, frame: Frame): void | Promise<void>
}

/** What a peer tells the node. */
export interface PeerListener {
  /** What takes the frames of a channel of this node, the addresses' one among them. */
  taker(channel: number): FrameTaker | undefined
  opened(peer: Peer): void
  /** The peer takes part in a chain from now on, or says anew how it does. */
  entered(peer: Peer, entry: ChainEntry): void
  left(peer: Peer, entry: ChainEntry): void
  score(peer: Peer, fault: Fault): void
  closed(peer: Peer, ending: Ending): void
}

/** What is fixed for a link. */
export interface PeerFacts {
  readonly isDialled: boolean
  readonly endpoint: Endpoint
  /** Counts links, so that who has a message is a short list. */
  readonly serial: number
  readonly sinceMs: number
  readonly exporter: Uint8Array
  /** Chains that this node's hello named. */
  readonly told: () => readonly ChainEntry[]
}

/** Kinds of channel 0, beside those of the link and the addresses. */
const enterKind = 16
const leaveKind = 17
/** Chains of a peer that are remembered. */
const mostChains = 64

export class Peer implements LinkHandler {
  readonly id: PeerId
  readonly agent: string
  readonly facts: PeerFacts
  readonly link: Link
  readonly questions: Questions
  readonly #listener: PeerListener
  readonly #greeted: Greeted
  /** Chains that the peer takes part in, by hash. */
  /** What it relayed and is being checked. */
  readonly relays = { messages: 0, bytes: 0 }
  readonly #chains = new Map<string, ChainEntry>()

  constructor(
    greeted: Greeted,
    facts: PeerFacts,
    around: { readonly link: Link; readonly timer: Timer; readonly listener: PeerListener },
  ) {
    this.id = greeted.id
    this.agent = greeted.hello.agent
    this.facts = facts
    this.link = around.link
    this.questions = new Questions(around.timer)
    this.#listener = around.listener
    this.#greeted = greeted
  }

  /** How the peer takes part in a chain. */
  entry(chain: string): ChainEntry | undefined {
    return this.#chains.get(chain)
  }

  /** Tells the peer that this node takes part in a chain. */
  tellEntry(entry: ChainEntry): void {
    this.link.send(linkHead(enterKind), encodeEntry(entry), 'own')
  }

  /** Tells the peer that a number of this node leads to a chain no more. */
  tellLeave(channel: number): void {
    this.link.send(linkHead(leaveKind), Uint8Array.of(channel >> 8, channel & 255), 'own')
  }

  opened(): void {
    this.#listener.opened(this)
    for (const entry of this.#greeted.hello.chains) this.#enter(entry)
  }

  limitOf(head: FrameHead): number | undefined {
    if (head.channel === 0 && head.type === frameTypes.message) {
      if (head.kind === enterKind) return maxEntryBytes
      return head.kind === leaveKind ? 2 : undefined
    }
    return this.#listener.taker(head.channel)?.limitOf(this, head)
  }

  receive(frame: Frame): void | Promise<void> {
    if (frame.channel !== 0 || frame.type !== frameTypes.message) {
      return this.#listener.taker(frame.channel)?.receive(this, frame)
    }
    if (frame.kind === leaveKind) this.#leave(frame.bytes)
    else this.#readEntry(frame.bytes)
  }

  closed(ending: Ending): void {
    this.questions.endAll()
    this.#listener.closed(this, ending)
  }

  #readEntry(bytes: Uint8Array): void {
    try {
      this.#enter(decodeEntry(bytes))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#listener.score(this, peerFaults.badEncoding)
    }
  }

  #enter(entry: ChainEntry): void {
    const chain = toHex(entry.chainKey)
    const known = this.#chains.get(chain)
    const isRight = known ? known.channel === entry.channel : this.#chains.size < mostChains
    if (!isRight) {
      this.#listener.score(this, peerFaults.outOfPlace)
      return
    }
    this.#chains.set(chain, entry)
    this.#listener.entered(this, entry)
  }

  #leave(bytes: Uint8Array): void {
    const channel = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
    for (const [chain, entry] of this.#chains) {
      if (entry.channel !== channel) continue
      this.#chains.delete(chain)
      this.#listener.left(this, entry)
    }
  }
}
