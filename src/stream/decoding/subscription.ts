/** Compiles what a listener was asked for: which logs it wants, and what they say. */

import { type AbiEvent, encodeEventTopics, toEventSelector } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import { exactArgs } from '../cloud-event.ts'
import { compileExpression } from '../jq.ts'
import type { RawLog, Subscription } from '../subscription.ts'
import { argumentReader, type ReadArguments } from './argument-reader.ts'
import { canonicalSignature, eventOf } from './event-abi.ts'

/** Where the addresses of a subscription come from. */
export type Contracts =
  | { readonly kind: 'any' }
  | { readonly kind: 'listed'; readonly addresses: ReadonlySet<Hex> }
  | { readonly kind: 'discovered'; readonly factory: string }

/** A subscription that can be asked. */
export interface CompiledSubscription {
  readonly name: string
  readonly signature: string
  readonly topic: Hex
  readonly contracts: Contracts
  /** For `eth_getLogs`: the topic, and what is asked of indexed arguments. */
  readonly topics: readonly (readonly Hex[] | null)[]
  readonly read: ReadArguments
  /** Throws where the expression fails. */
  readonly accepts: (log: RawLog, args: { readonly [name: string]: Json }) => boolean
}

/** The event by which a factory names what it made. */
export interface CompiledFactory {
  readonly key: string
  readonly topic: Hex
  readonly addresses: ReadonlySet<Hex>
  /** The address that a log names. */
  readonly made: (log: RawLog) => Hex | undefined
}

/** Compiles a subscription. @throws AppError `stream/bad-event`, `stream/bad-address`, `stream/bad-filter` */
export function compileSubscription(subscription: Subscription): CompiledSubscription {
  const { event, abi: entries, address, factory, where = {}, filter } = subscription
  const abi = eventOf(event, entries)
  if (abi.anonymous) {
    throw badFilter(`"${event}" is anonymous: it has no topic by which it could be found`)
  }
  const signature = canonicalSignature(abi)
  return {
    ...{ name: abi.name, signature, topic: toEventSelector(abi), read: argumentReader(abi) },
    contracts: contractsOf(address, factory),
    topics: topicsOf(abi, where),
    accepts: acceptance({ name: abi.name, signature }, filter),
  }
}

/** Compiles the factory of a subscription. @throws AppError as above */
export function compileFactory(factory: NonNullable<Subscription['factory']>): CompiledFactory {
  const abi = eventOf(factory.event, factory.abi)
  const { argument } = factory
  if (abi.inputs.find(({ name }) => name === argument)?.type !== 'address') {
    throw badFilter(`"${argument}" is no argument of ${canonicalSignature(abi)} that is an address`)
  }
  const read = argumentReader(abi)
  return {
    key: factoryKey(factory),
    topic: toEventSelector(abi),
    addresses: addressesOf(factory.address),
    made: ({ topics, data }) => read(topics, data)?.[argument] as Hex | undefined,
  }
}

/** By which what a factory made is kept. */
export function factoryKey({
  address,
  event,
  abi,
  argument,
}: NonNullable<Subscription['factory']>) {
  const addresses = [...addressesOf(address)].sort().join(',')
  return `${addresses} ${canonicalSignature(eventOf(event, abi))} ${argument}`
}

function contractsOf(
  address: Subscription['address'],
  factory: Subscription['factory'],
): Contracts {
  if (factory && address !== undefined) {
    throw badFilter('a subscription has addresses, or a factory that names them, not both')
  }
  if (factory) return { kind: 'discovered', factory: factoryKey(factory) }
  return address === undefined
    ? { kind: 'any' }
    : { kind: 'listed', addresses: addressesOf(address) }
}

function addressesOf(address: Hex | readonly Hex[]): ReadonlySet<Hex> {
  const list = typeof address === 'string' ? [address] : address
  if (list.length === 0) throw badFilter('a list of addresses is empty')
  return new Set(list.map(checkedAddress))
}

function checkedAddress(address: string): Hex {
  if (/^0x[0-9a-fA-F]{40}$/.test(address)) return address.toLowerCase() as Hex
  const message = `"${address}" is no address of a contract: write 0x and 40 hex digits`
  throw new AppError({ code: 'stream/bad-address', message })
}

function topicsOf(abi: AbiEvent, where: NonNullable<Subscription['where']>) {
  for (const name of Object.keys(where)) {
    const input = abi.inputs.find((one) => one.name === name)
    if (!input?.indexed) {
      throw badFilter(`"${name}" is no indexed argument of ${canonicalSignature(abi)}`)
    }
  }
  try {
    const topics = encodeEventTopics({ abi: [abi], args: valuesOf(abi, where) } as never) as (
      | Hex
      | Hex[]
      | null
    )[]
    return topics.map((topic) => (typeof topic === 'string' ? [topic] : topic))
  } catch (cause) {
    const message = `the values for ${canonicalSignature(abi)} do not fit its arguments: ${(cause as Error).message.split('\n')[0]}`
    throw new AppError({ code: 'stream/bad-filter', message, cause })
  }
}

/** Integers may come as decimal text. */
function valuesOf(abi: AbiEvent, where: NonNullable<Subscription['where']>) {
  const entries = abi.inputs
    .filter(({ name }) => name !== undefined && name in where)
    .map(({ name = '', type }) => {
      const one = (value: Json) => (/^u?int\d*$/.test(type) ? BigInt(value as string) : value)
      const value = where[name] as Json
      return [name, Array.isArray(value) ? value.map(one) : one(value)]
    })
  return Object.fromEntries(entries)
}

function acceptance(
  { name, signature }: { readonly name: string; readonly signature: string },
  filter: string | undefined,
): CompiledSubscription['accepts'] {
  if (filter === undefined) return () => true
  const evaluate = compileExpression(filter)
  return ({ address }, args) => {
    const value = evaluate({ name, signature, address, args: exactArgs(signature, args) })
    return value !== null && value !== false
  }
}

function badFilter(message: string): AppError {
  return new AppError({ code: 'stream/bad-filter', message })
}
