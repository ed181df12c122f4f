/** Decodes logs by the events that a listener was asked for. */

import {
  type AbiEvent,
  type AbiParameter,
  decodeEventLog,
  parseAbiItem,
  toEventSelector,
  toEventSignature,
} from 'viem'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'

/** One event of one contract. */
export interface Subscription {
  /** As in Solidity: `Deposited(address indexed account, uint256 amount, bytes32 memo)`. */
  readonly event: string
  readonly address: Hex
}

/** What is decoded of a log; hex in lower case but for `data`. */
export interface RawLog {
  readonly address: Hex
  readonly topics: readonly Hex[]
  readonly data: Hex
}

/** A decoded log. */
export interface DecodedLog {
  readonly name: string
  /** Canonical: `Deposited(address,uint256,bytes32)`. */
  readonly signature: string
  readonly args: { readonly [name: string]: Json }
}

/** Addresses and first topics for `eth_getLogs`, and the decoding of what comes back. */
export interface EventDecoder {
  readonly addresses: readonly Hex[]
  readonly topics: readonly Hex[]
  /** Whether a log is one of the wanted events: the filter also lets the event of one contract pass on another. */
  wants(log: RawLog): boolean
  /** `undefined` for a wanted log whose data do not fit its event. */
  decode(log: RawLog): DecodedLog | undefined
}

/**
 * A decoder for some events.
 *
 * @throws AppError `stream/bad-event`, `stream/bad-address`, `stream/no-events`
 */
export function createEventDecoder(subscriptions: readonly Subscription[]): EventDecoder {
  if (subscriptions.length === 0) {
    const message = 'a listener needs at least one event: without any, an endpoint gives all logs'
    throw new AppError({ code: 'stream/no-events', message })
  }
  const known = subscriptions.map(({ event, address }) => {
    const abi = parseEvent(event)
    return { abi, address: checkedAddress(address), topic: toEventSelector(abi) }
  })
  const wanted = (log: RawLog) =>
    known.filter(({ address, topic }) => address === log.address && topic === log.topics[0])
  return {
    addresses: [...new Set(known.map(({ address }) => address))],
    topics: [...new Set(known.map(({ topic }) => topic))],
    wants: (log) => wanted(log).length > 0,
    decode(log) {
      // Signatures that differ only in what is indexed share their topic.
      for (const { abi } of wanted(log)) {
        const decoded = decodedAs(abi, log)
        if (decoded) return decoded
      }
      return undefined
    },
  }
}

function decodedAs(abi: AbiEvent, { topics, data }: RawLog): DecodedLog | undefined {
  const indexed = abi.inputs.filter((input) => input.indexed)
  if (topics.length !== indexed.length + 1) return undefined
  try {
    const decoded = decodeEventLog({
      ...{ abi: [abi], data, topics: topics as [Hex, ...Hex[]], strict: true },
    })
    return {
      name: abi.name,
      signature: toEventSignature(abi),
      args: fieldsOf(decoded.args ?? {}, abi.inputs),
    }
  } catch {
    return undefined
  }
}

function checkedAddress(address: string): Hex {
  if (/^0x[0-9a-fA-F]{40}$/.test(address)) return address.toLowerCase() as Hex
  const message = `"${address}" is no address of a contract: write 0x and 40 hex digits`
  throw new AppError({ code: 'stream/bad-address', message })
}

/** The event that a Solidity signature describes; @throws AppError `stream/bad-event` */
export function parseEvent(signature: string): AbiEvent {
  try {
    const item = parseAbiItem(`event ${signature.replace(/^event /, '')}`)
    const names = item.type === 'event' ? item.inputs.map(({ name }) => name) : [undefined]
    const isNamed = names.every((name) => name) && new Set(names).size === names.length
    if (item.type === 'event' && isNamed) return item
  } catch {
    // Told below.
  }
  const message = `"${signature}" is no event signature with named arguments, such as Deposited(address indexed account, uint256 amount)`
  throw new AppError({ code: 'stream/bad-event', message })
}

/** Values by the names of their parameters. */
function fieldsOf(values: object, parameters: readonly AbiParameter[]): DecodedLog['args'] {
  const byName = values as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    parameters.map((one) => [one.name ?? '', jsonOf(byName[one.name ?? ''], one)]),
  )
}

/** Integers as decimal text of full precision, addresses in lower case, tuples without names as lists. */
function jsonOf(value: unknown, parameter: AbiParameter): Json {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value)
  if (typeof value === 'string') return parameter.type === 'address' ? value.toLowerCase() : value
  if (typeof value !== 'object' || value === null) return value as boolean
  const item = /^(.*)\[\d*\]$/.exec(parameter.type)?.[1]
  if (item !== undefined) {
    return (value as readonly unknown[]).map((one) => jsonOf(one, { ...parameter, type: item }))
  }
  const components = 'components' in parameter ? parameter.components : []
  if (!Array.isArray(value)) return fieldsOf(value, components)
  return components.map((component, at) => jsonOf(value[at], component))
}
