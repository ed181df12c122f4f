/** Reads the arguments of an event: static types directly from the hex text, all others by viem. */

import { type AbiEvent, type AbiParameter, decodeEventLog } from 'viem'
import type { Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'

/** Arguments by name, of topics and data in lower case; `undefined` where they do not fit the event. */
export type ReadArguments = (
  topics: readonly Hex[],
  data: Hex,
) => { readonly [name: string]: Json } | undefined

/** The value of the word whose digits begin at a place of a text; `undefined` for what Solidity would refuse. */
type ReadWord = (hex: string, at: number) => Json | undefined

/** Digits of a word. */
const wordDigits = 64
const zeros = '0'.repeat(wordDigits)
/** Leading digits without which an integer is a safe one. */
const safeZeros = zeros.slice(0, 51)

/** A reader for one event. */
export function argumentReader(event: AbiEvent): ReadArguments {
  return directReader(event) ?? ((topics, data) => readBySpecification(event, topics, data))
}

/** Every argument stands at a place that does not depend on the others, or there is no such reader. */
function directReader({ inputs }: AbiEvent): ReadArguments | undefined {
  const fields: { name: string; topic: number; at: number; read: ReadWord }[] = []
  let [topics, words] = [1, 0]
  for (const { name = '', type, indexed } of inputs) {
    // What does not fit a topic is there by its hash.
    const read = wordReader(type) ?? (indexed ? hashReader : undefined)
    if (read === undefined) return undefined
    fields.push({ name, read, topic: indexed ? topics : -1, at: 2 + wordDigits * words })
    if (indexed) topics += 1
    else words += 1
  }
  const leastData = 2 + wordDigits * words
  return (given, data) => {
    if (given.length !== topics || data.length < leastData) return undefined
    const args: Record<string, Json> = {}
    for (const { name, topic, at, read } of fields) {
      const value = topic < 0 ? read(data, at) : read(given[topic] as string, 2)
      if (value === undefined) return undefined
      args[name] = value
    }
    return args
  }
}

const hashReader: ReadWord = (hex) => hex

function wordReader(type: string): ReadWord | undefined {
  if (type === 'address') return readAddress
  if (type === 'bool') return readBool
  const [, kind, size] = /^(uint|int|bytes)(\d+)$/.exec(type) ?? []
  if (kind === 'uint') return uintReader(Number(size))
  if (kind === 'int') return intReader(Number(size))
  return kind === 'bytes' ? bytesReader(Number(size)) : undefined
}

const readAddress: ReadWord = (hex, at) =>
  hex.startsWith(zeros.slice(0, 24), at) ? `0x${hex.slice(at + 24, at + wordDigits)}` : undefined

const readBool: ReadWord = (hex, at) => {
  if (!hex.startsWith(zeros.slice(0, 63), at)) return undefined
  const digit = hex[at + 63]
  return digit === '0' || digit === '1' ? digit === '1' : undefined
}

function uintReader(bits: number): ReadWord {
  const padding = zeros.slice(0, wordDigits - bits / 4)
  return (hex, at) => {
    if (!hex.startsWith(padding, at)) return undefined
    if (hex.startsWith(safeZeros, at)) {
      return String(Number.parseInt(hex.slice(at + safeZeros.length, at + wordDigits), 16))
    }
    return BigInt(`0x${hex.slice(at, at + wordDigits)}`).toString()
  }
}

function intReader(bits: number): ReadWord {
  return (hex, at) => {
    const value = BigInt.asIntN(256, BigInt(`0x${hex.slice(at, at + wordDigits)}`))
    return BigInt.asIntN(bits, value) === value ? value.toString() : undefined
  }
}

function bytesReader(size: number): ReadWord {
  const padding = zeros.slice(0, wordDigits - size * 2)
  return (hex, at) => {
    if (!hex.startsWith(padding, at + size * 2)) return undefined
    return `0x${hex.slice(at, at + size * 2)}`
  }
}

function readBySpecification(event: AbiEvent, topics: readonly Hex[], data: Hex) {
  const indexed = event.inputs.filter((input) => input.indexed)
  if (topics.length !== indexed.length + 1) return undefined
  try {
    const decoded = decodeEventLog({
      ...{ abi: [event], data, topics: topics as [Hex, ...Hex[]], strict: true },
    })
    return fieldsOf(decoded.args ?? {}, event.inputs)
  } catch {
    return undefined
  }
}

/** Values by the names of their parameters. */
function fieldsOf(
  values: object,
  parameters: readonly AbiParameter[],
): { readonly [name: string]: Json } {
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
