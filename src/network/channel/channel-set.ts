/** Keeps the chains that this node takes part in, and tells peers of them. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes, toHex } from '../../base/bytes.ts'
import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { type ChainEntry, maxHelloChains } from '../link/hello.ts'
import type { QueueBounds } from '../link/send-queue.ts'
import type { Measures } from '../measures.ts'
import type { Channel, ChannelRules, Fault, PeerId, ProvenValidator } from '../network.ts'
import { chainHello } from '../node-identity.ts'
import type { FrameTaker, Peer } from '../peers/peer.ts'
import { ChainChannel } from './chain-channel.ts'
import { provenValidator } from './member.ts'

/** What the chains need of the node. */
export interface ChannelSetSurroundings {
  readonly id: PeerId
  readonly logger: Logger
  readonly measures: Measures
  readonly nowMs: () => number
  readonly timer: Timer
  readonly peers: () => Iterable<Peer>
  readonly score: (peer: Peer, fault: Fault) => void
  readonly relays: QueueBounds
}

/** Chains that were left, whose messages may still be on their way. */
const mostLeft = 256
const nothing = new Uint8Array()
/** Numbers have two bytes. */
const lastNumber = 0xffff

export class ChannelSet {
  readonly #around: ChannelSetSurroundings
  readonly #channels = new Map<string, ChainChannel>()
  /** By the numbers that this node gave them, with those that it left. */
  readonly #numbers = new Map<number, ChainChannel>()
  #lastNumber = 0

  constructor(around: ChannelSetSurroundings) {
    this.#around = around
  }

  /** Keys of the chains. */
  keys(): readonly Uint8Array[] {
    return [...this.#channels.values()].map(({ rules }) => rules.chainKey)
  }

  /** @throws AppError `network/joined-already` */
  join(rules: ChannelRules): Channel {
    const { peers, ...around } = this.#around
    const chain = toHex(rules.chainKey)
    if (this.#channels.has(chain) || this.#lastNumber === lastNumber) {
      const message = `this node takes part in the chain ${chain} already, or joined ${lastNumber} chains since its start; leave it first, or start the node again`
      throw new AppError({ code: 'network/joined-already', message })
    }
    this.#lastNumber += 1
    const number = this.#lastNumber
    const channel: ChainChannel = new ChainChannel(rules, {
      ...{ ...around, number },
      announce: () => this.#announce(channel),
      left: () => this.#leave(chain, number),
    })
    this.#channels.set(chain, channel)
    this.#numbers.set(number, channel)
    this.#announce(channel)
    for (const peer of peers()) {
      const entry = peer.entry(chain)
      if (entry) channel.came(peer, entry)
    }
    return channel
  }

  /** What takes the frames of a number. */
  taker(number: number): FrameTaker | undefined {
    return this.#numbers.get(number)
  }

  /** What a hello says of the chains. */
  entries(exporter: Uint8Array): readonly ChainEntry[] {
    const first = [...this.#channels.values()].slice(0, maxHelloChains)
    return first.map((channel) => this.#entryOf(channel, exporter))
  }

  /** Whether an entry is of a chain of this node. */
  has({ chainKey }: ChainEntry): boolean {
    return this.#channels.has(toHex(chainKey))
  }

  /** Validators that entries prove their node to be. */
  provenBy(
    entries: readonly ChainEntry[],
    link: { readonly exporter: Uint8Array; readonly id: PeerId },
  ): readonly ProvenValidator[] {
    return entries.flatMap((entry) => {
      const channel = this.#channels.get(toHex(entry.chainKey))
      return (channel && provenValidator(entry, channel.rules, link)) ?? []
    })
  }

  /** Validators that a linked peer proves to be. */
  provenOf(id: PeerId): readonly ProvenValidator[] {
    return [...this.#channels.values()].flatMap((channel) => {
      const address = channel.member(id)?.provenAs()
      return address ? [{ address, isPresent: channel.rules.isValidator(address) }] : []
    })
  }

  /** Whether a linked peer is a validator of a chain of this node. */
  isValidator(id: PeerId): boolean {
    return this.#channels.values().some((channel) => channel.member(id)?.validator() !== undefined)
  }

  /** Tells a new peer what changed since the hello was made. */
  opened(peer: Peer): void {
    const told = new Map(peer.facts.told().map((entry) => [entry.channel, entry]))
    const numbers = new Set([...this.#channels.values()].map(({ number }) => number))
    for (const number of told.keys()) if (!numbers.has(number)) peer.tellLeave(number)
    for (const channel of this.#channels.values()) {
      const before = told.get(channel.number)
      const keys = [before?.validator?.publicKey, channel.rules.validator?.()?.publicKey]
      const [old = nothing, now = nothing] = keys
      if (before === undefined || !equalBytes(old, now)) {
        peer.tellEntry(this.#entryOf(channel, peer.facts.exporter))
      }
    }
  }

  entered(peer: Peer, entry: ChainEntry): void {
    this.#channels.get(toHex(entry.chainKey))?.came(peer, entry)
  }

  left(peer: Peer, { chainKey }: ChainEntry): void {
    this.#channels.get(toHex(chainKey))?.went(peer)
  }

  gone(peer: Peer): void {
    for (const channel of this.#channels.values()) channel.went(peer)
  }

  /** Whether one of the beginnings is that of a chain's key. */
  hasKeyLike(beginnings: readonly Uint8Array[]): boolean {
    return this.keys().some((key) =>
      beginnings.some((one) => equalBytes(key.subarray(0, one.length), one)),
    )
  }

  #announce(channel: ChainChannel): void {
    for (const peer of this.#around.peers()) {
      peer.tellEntry(this.#entryOf(channel, peer.facts.exporter))
    }
  }

  #leave(chain: string, number: number): void {
    this.#channels.delete(chain)
    for (const peer of this.#around.peers()) peer.tellLeave(number)
    const numbers = new Set([...this.#channels.values()].map((channel) => channel.number))
    const left = [...this.#numbers.keys()].filter((one) => !numbers.has(one))
    for (const one of left.slice(0, -mostLeft)) this.#numbers.delete(one)
  }

  #entryOf({ number, rules }: ChainChannel, exporter: Uint8Array): ChainEntry {
    const { chainKey } = rules
    const key = rules.validator?.()
    if (key === undefined) return { channel: number, chainKey }
    const signature = key.sign(chainHello(chainKey, exporter, this.#around.id))
    const { scheme, publicKey } = key
    return { channel: number, chainKey, validator: { scheme, publicKey, signature } }
  }
}
