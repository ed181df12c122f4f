/** Decodes logs by the events that a listener was asked for. */

import { hash } from 'node:crypto'
import type { AbiEvent } from 'viem'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { type BloomBits, bloomBits, hasBits } from './decoding/bloom.ts'
import { DiscoveredAddresses } from './decoding/discovered-addresses.ts'
import {
  canonicalSignature,
  eventOf,
  signatureEvent,
  writtenSignature,
} from './decoding/event-abi.ts'
import {
  type CompiledFactory,
  type CompiledSubscription,
  compileFactory,
  compileSubscription,
  factoryKey,
} from './decoding/subscription.ts'
import type { Discoveries, Discovery, FoundEvents } from './source.ts'
import type { RawLog, Subscription } from './subscription.ts'

export { factoryKey }

/** A decoded log. */
export interface DecodedLog {
  readonly name: string
  /** Canonical: `Deposited(address,uint256,bytes32)`. */
  readonly signature: string
  readonly args: { readonly [name: string]: Json }
}

/** A filter of `eth_getLogs` without its blocks. */
export interface LogFilter {
  readonly address?: readonly Hex[]
  readonly topics: readonly (readonly Hex[] | null)[]
}

/**
 * What a log is to a listener: `unwanted` was let through by a filter that is wider than what was asked for,
 * `malformed` does not fit its event.
 */
export type Reading = DecodedLog | 'unwanted' | 'refused' | 'failed' | 'malformed'

/** Addresses in one query; with more, all contracts are asked for, and the others are left out here. */
const maxQueriedAddresses = 1_000

/** The event that a Solidity signature describes; @throws AppError `stream/bad-event` */
export function parseEvent(signature: string): AbiEvent {
  return signatureEvent(signature)
}

/** The canonical signature of an event, `Deposited(address,uint256)`, of one or of a name of the registry; @throws as above */
export function canonicalEvent(event: string): string {
  return canonicalSignature(eventOf(event))
}

/** The signature of an event that an ABI has, by its name or canonical signature, with the names of its arguments; @throws as above */
export function signatureIn(abi: readonly unknown[], event: string): string {
  return writtenSignature(eventOf(event, abi))
}

/**
 * A decoder for some events.
 *
 * @throws AppError `stream/bad-event`, `stream/bad-address`, `stream/bad-filter`, `stream/no-events`
 */
export function createEventDecoder(subscriptions: readonly Subscription[]): EventDecoder {
  return new EventDecoder(subscriptions)
}

/** Filters for `eth_getLogs`, and the decoding of what comes back. */
export class EventDecoder {
  readonly #subscriptions: readonly CompiledSubscription[]
  readonly #byTopic = new Map<Hex, CompiledSubscription[]>()
  readonly #topics = new Map<string, Hex>()
  readonly #factories = new Map<string, CompiledFactory>()
  /** Labels by the key of their factory. */
  readonly #labels = new Map<string, Set<string>>()
  readonly #addresses = new DiscoveredAddresses()
  readonly #bits = new Map<Hex, BloomBits>()

  constructor(subscriptions: readonly Subscription[]) {
    if (subscriptions.length === 0) {
      const message = 'a listener needs at least one event: without any, an endpoint gives all logs'
      throw new AppError({ code: 'stream/no-events', message })
    }
    this.#subscriptions = subscriptions.map(compileSubscription)
    for (const one of this.#subscriptions) {
      this.#byTopic.set(one.topic, [...(this.#byTopic.get(one.topic) ?? []), one])
      this.#topics.set(one.signature, one.topic)
    }
    for (const { factory } of subscriptions) {
      if (factory === undefined) continue
      const compiled = compileFactory(factory)
      this.#factories.set(compiled.key, compiled)
      this.#addresses.expect(compiled.key)
      if (factory.label === undefined) continue
      const labels = this.#labels.get(compiled.key) ?? new Set()
      this.#labels.set(compiled.key, labels.add(factory.label))
    }
  }

  get discoveries(): Discoveries | undefined {
    return this.#factories.size > 0 ? this.#addresses : undefined
  }

  /** Listens to what was discovered in a block from that block on. */
  learn(found: readonly Discovery[]): void {
    this.#addresses.learn(found)
  }

  /** Filters that let through every wanted log, and few others. */
  queries(): readonly LogFilter[] {
    const plain = this.#subscriptions.filter(({ topics }) => topics.length === 1)
    const narrowed = this.#subscriptions.filter(({ topics }) => topics.length > 1)
    const open = plain.filter((one) => this.#listed(one) === undefined)
    const listed = plain.filter((one) => this.#listed(one)?.length)
    const groups = [
      merged(open),
      merged(
        listed,
        listed.flatMap((one) => this.#listed(one) ?? []),
      ),
    ]
    return [
      ...groups.filter((group) => group !== undefined),
      ...narrowed.flatMap((one) => {
        const address = this.#listed(one)
        if (address?.length === 0) return []
        return [{ topics: one.topics, ...(address ? { address } : {}) }]
      }),
    ]
  }

  /** Filters of the events that name addresses. */
  discoveryQueries(): readonly LogFilter[] {
    return [...this.#factories.values()].map(({ addresses, topic }) => ({
      ...{ address: [...addresses], topics: [[topic]] },
    }))
  }

  /** What a log names as addresses to listen to. */
  discover(log: RawLog): readonly Discovery[] {
    const { blockNumber, address: by } = log
    return [...this.#factories.values()].flatMap(({ key: factory, topic, addresses, made }) => {
      if (topic !== log.topics[0] || !addresses.has(by)) return []
      const address = made(log)
      return address === undefined ? [] : [{ factory, address, blockNumber }]
    })
  }

  /** Whether a log comes from a wanted contract, with a wanted event and arguments. */
  wants(log: RawLog): boolean {
    return this.#wanting(log).length > 0
  }

  /** Labels of the factories that made the contract of a log. */
  madeBy({ address, blockNumber }: RawLog): readonly string[] {
    if (this.#labels.size === 0) return []
    return [...this.#labels].flatMap(([key, labels]) =>
      this.#addresses.has(key, address, blockNumber) ? [...labels] : [],
    )
  }

  read(log: RawLog): Reading {
    const wanting = this.#wanting(log)
    let reading: Reading = wanting.length > 0 ? 'malformed' : 'unwanted'
    // Signatures that differ only in what is indexed share their topic.
    for (const { name, signature, read, accepts } of wanting) {
      const args = read(log.topics, log.data)
      if (args === undefined) continue
      try {
        if (accepts(log, args)) return { name, signature, args }
        reading = 'refused'
      } catch {
        reading = 'failed'
      }
    }
    return reading
  }

  /** Whether a block with this bloom filter may hold a wanted log, or one that names an address. */
  mayHold(bloom: Uint8Array): boolean {
    const has = this.#asking(bloom)
    return (
      this.mayDiscover(bloom) ||
      this.#subscriptions.some((one) => {
        if (!has(one.topic)) return false
        const addresses = this.#listed(one)
        return addresses === undefined || addresses.some(has)
      })
    )
  }

  /** Whether a block with this bloom filter may hold a log that names an address. */
  mayDiscover(bloom: Uint8Array): boolean {
    const has = this.#asking(bloom)
    return [...this.#factories.values()].some((one) => mayName(one, has))
  }

  /** Whether a block with this bloom filter can hold the logs that these events, and what was discovered, were read from. */
  allows(bloom: Uint8Array, { events, discovered }: FoundEvents): boolean {
    const has = this.#asking(bloom)
    return (
      events.every(({ address, signature }) => {
        const topic = this.#topics.get(signature)
        return topic !== undefined && has(address) && has(topic)
      }) &&
      discovered.every(({ factory }) => {
        const named = this.#factories.get(factory)
        return named !== undefined && mayName(named, has)
      })
    )
  }

  #asking(bloom: Uint8Array): Asking {
    return (value) => hasBits(bloom, this.#bitsOf(value))
  }

  #wanting(log: RawLog): readonly CompiledSubscription[] {
    const candidates = this.#byTopic.get(log.topics[0] as Hex)
    return candidates?.filter((one) => this.#isFrom(one, log) && hasTopics(one, log)) ?? []
  }

  #isFrom({ contracts }: CompiledSubscription, { address, blockNumber }: RawLog): boolean {
    if (contracts.kind === 'any') return true
    if (contracts.kind === 'listed') return contracts.addresses.has(address)
    return this.#addresses.has(contracts.factory, address, blockNumber)
  }

  /** Addresses for a query; `undefined` where all contracts are to be asked for. */
  #listed({ contracts }: CompiledSubscription): readonly Hex[] | undefined {
    if (contracts.kind === 'any') return undefined
    if (contracts.kind === 'listed') return [...contracts.addresses]
    const { factory } = contracts
    const isFew = this.#addresses.count(factory) <= maxQueriedAddresses
    return isFew ? this.#addresses.of(factory) : undefined
  }

  #bitsOf(value: Hex): BloomBits {
    const known = this.#bits.get(value)
    if (known) return known
    const bits = bloomBits(value)
    if (this.#bits.size < maxBits) this.#bits.set(value, bits)
    return bits
  }
}

/** Addresses and topics whose bits are remembered. */
const maxBits = 10_000

/** Whether a bloom filter may hold an address or topic. */
type Asking = (value: Hex) => boolean

function mayName({ topic, addresses }: CompiledFactory, has: Asking): boolean {
  return has(topic) && [...addresses].some(has)
}

function merged(
  group: readonly CompiledSubscription[],
  addresses?: readonly Hex[],
): LogFilter | undefined {
  if (group.length === 0) return undefined
  const topics = [[...new Set(group.map(({ topic }) => topic))]]
  return { topics, ...(addresses ? { address: [...new Set(addresses)] } : {}) }
}

function hasTopics({ topics }: CompiledSubscription, log: RawLog): boolean {
  return topics.every((wanted, at) => wanted === null || wanted.includes(log.topics[at] as Hex))
}

/** Tells a log from the others of its transaction by what it says: 16 hex digits. */
export function contentOf({ address, topics, data }: RawLog): string {
  const text = `${address}${topics.join('')}${data}`
  return hash('sha256', text, 'hex').slice(0, 16)
}
