/** Gives events of chains as CloudEvents 1.0, and their integers as exact ones. */

import { type AbiEvent, type AbiParameter, parseAbiItem } from 'viem'
import { AppError } from '../base/app-error.ts'
import { type Hex, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { keccak256 } from '../crypto/keccak.ts'
import type { EventState, StreamEvent } from './stream.ts'

/** An event of a chain in the structured JSON form of CloudEvents 1.0. */
export interface ChainCloudEvent {
  readonly specversion: '1.0'
  /** The event's own id: the same through its whole life, and when it comes back in another block. */
  readonly id: string
  /** `/chains/<chain>/<address>`. */
  readonly source: string
  /** `evm.log`, or what another kind of source names. */
  readonly type: string
  /** Of the block, RFC 3339. */
  readonly time: string
  readonly datacontenttype: 'application/json'
  /** The transaction. */
  readonly subject: string
  readonly chain: string
  /** Address in lower case. */
  readonly contract: string
  /** Canonical signature: `Deposited(address,uint256,bytes32)`. */
  readonly event: string
  readonly life: EventState
  readonly data: {
    readonly name: string
    /** By argument name; integers as decimal strings of full precision. */
    readonly args: { readonly [name: string]: Json }
    readonly address: Hex
    readonly blockNumber: number
    readonly blockHash: Hex
    readonly transactionHash: Hex
    readonly logIndex: number
    /** keccak-256 of the id: 32 bytes for contracts that do a thing once for each event. */
    readonly reference: Hex
  }
}

/** JSON in which integers of any size may stand. */
export type ExactJson =
  | Json
  | bigint
  | readonly ExactJson[]
  | { readonly [name: string]: ExactJson }

/** An event as a CloudEvent. @see CloudEvents 1.0.2, JSON event format, "structured mode" */
export function cloudEventOf(event: StreamEvent): ChainCloudEvent {
  const { id, chain, signature, state, name, args, blockNumber, blockHash } = event
  const address = event.address.toLowerCase() as Hex
  const { transactionHash, logIndex } = event
  const reference = toHex(keccak256(new TextEncoder().encode(id)))
  return {
    ...{
      specversion: '1.0',
      id,
      source: `/chains/${chain}/${address}`,
      type: event.type ?? 'evm.log',
    },
    ...{ time: new Date(event.blockTimeMs).toISOString(), datacontenttype: 'application/json' },
    ...{ subject: transactionHash, chain, contract: address, event: signature, life: state },
    data: {
      ...{ name, args, address, blockNumber, blockHash, transactionHash, logIndex, reference },
    },
  }
}

/**
 * Arguments of an event with integers as bigint, in lists and tuples too; all other values stay as they are.
 *
 * @param signature - canonical, `Paid(address,uint256)`, or with names; its parameters are those of `args` in their order
 * @throws AppError `stream/bad-event` for a text that is no signature, `stream/bad-args` for arguments of another event
 */
export function exactArgs(
  signature: string,
  args: { readonly [name: string]: Json },
): { readonly [name: string]: ExactJson } {
  return exactFields(args, parametersOf(signature), signature)
}

const parsed = new Map<string, readonly AbiParameter[]>()
/** Signatures that are remembered. */
const maxParsed = 1_000

function parametersOf(signature: string): readonly AbiParameter[] {
  const known = parsed.get(signature)
  if (known) return known
  try {
    const { inputs } = parseAbiItem(`event ${signature.replace(/^event /, '')}`) as AbiEvent
    if (parsed.size >= maxParsed) parsed.clear()
    parsed.set(signature, inputs)
    return inputs
  } catch (cause) {
    const message = `"${signature}" is no event signature, such as Deposited(address,uint256,bytes32)`
    throw new AppError({ code: 'stream/bad-event', message, cause })
  }
}

function exactFields(
  values: { readonly [name: string]: Json },
  parameters: readonly AbiParameter[],
  signature: string,
): { readonly [name: string]: ExactJson } {
  const entries = Object.entries(values)
  if (entries.length !== parameters.length) throw badArgs(signature)
  return Object.fromEntries(
    entries.map(([name, value], at) => [
      name,
      exactValue(value, parameters[at] as AbiParameter, signature),
    ]),
  )
}

function exactValue(value: Json, parameter: AbiParameter, signature: string): ExactJson {
  const item = /^(.*)\[\d*\]$/.exec(parameter.type)?.[1]
  if (item !== undefined) {
    // A dynamic value that was indexed is the hash of it.
    if (typeof value === 'string') return value
    if (!Array.isArray(value)) throw badArgs(signature)
    return value.map((one: Json) => exactValue(one, { ...parameter, type: item }, signature))
  }
  if (/^u?int/.test(parameter.type)) {
    if (typeof value !== 'string' || !/^-?\d{1,78}$/.test(value)) throw badArgs(signature)
    return BigInt(value)
  }
  if (!('components' in parameter) || typeof value === 'string') return value
  if (Array.isArray(value)) {
    if (value.length !== parameter.components.length) throw badArgs(signature)
    return value.map((one: Json, at) =>
      exactValue(one, parameter.components[at] as AbiParameter, signature),
    )
  }
  if (typeof value !== 'object' || value === null) throw badArgs(signature)
  return exactFields(value as { [name: string]: Json }, parameter.components, signature)
}

function badArgs(signature: string): AppError {
  const message = `the arguments are not those of ${signature}`
  return new AppError({ code: 'stream/bad-args', message })
}
