/** Reads event signatures and entries of ABI files. */

import { type AbiEvent, type AbiParameter, parseAbiItem } from 'viem'
import { AppError } from '../../base/app-error.ts'
import { registeredEvent } from '../abi-registry.ts'

/** An ABI as compilers write it: a list of entries. */
export type JsonAbi = readonly unknown[]

/**
 * The event of a Solidity signature, of an ABI, or of the registry.
 *
 * @param event - `Paid(address indexed who, uint256 amount)`; with an ABI also `Paid` or `Paid(address,uint256)`; else a
 * name of the registry, `ERC-20.Transfer`
 * @throws AppError `stream/bad-event`
 */
export function eventOf(event: string, abi?: JsonAbi): AbiEvent {
  if (abi !== undefined) return eventOfAbi(event, abi)
  return registeredEvent(event) ?? signatureEvent(event)
}

/** The event that a Solidity signature describes; @throws AppError `stream/bad-event` */
export function signatureEvent(signature: string): AbiEvent {
  try {
    const item = parseAbiItem(`event ${signature.replace(/^event /, '')}`)
    const names = item.type === 'event' ? item.inputs.map(({ name }) => name) : [undefined]
    const isNamed = names.every((name) => name) && new Set(names).size === names.length
    if (item.type === 'event' && isNamed) return item
  } catch {
    // Told below.
  }
  const message = `"${signature}" is no event signature with named arguments, such as Deposited(address indexed account, uint256 amount), and no event of the registry, such as ERC-20.Transfer`
  throw new AppError({ code: 'stream/bad-event', message })
}

/** `Paid(address,uint256)`; tuples by their components. */
export function canonicalSignature({ name, inputs }: AbiEvent): string {
  return `${name}(${inputs.map(canonicalType).join(',')})`
}

function canonicalType(parameter: AbiParameter): string {
  if (!('components' in parameter)) return parameter.type
  const inner = parameter.components.map(canonicalType).join(',')
  return `(${inner})${parameter.type.slice('tuple'.length)}`
}

/** `Paid(address indexed who, (uint256 amount, string note) about)`. */
export function writtenSignature({ name, inputs }: AbiEvent): string {
  return `${name}(${inputs.map(writtenParameter).join(', ')})`
}

function writtenParameter(parameter: AbiParameter | AbiEvent['inputs'][number]): string {
  const { type, name } = parameter
  const isIndexed = 'indexed' in parameter && parameter.indexed === true
  const inner = 'components' in parameter ? parameter.components.map(writtenParameter) : undefined
  const whole = inner === undefined ? type : `(${inner.join(', ')})${type.slice('tuple'.length)}`
  return [whole, ...(isIndexed ? ['indexed'] : []), ...(name ? [name] : [])].join(' ')
}

function eventOfAbi(wanted: string, abi: JsonAbi): AbiEvent {
  const events = abi.filter(isEvent).map(named)
  const found = events.filter(
    (one) => one.name === wanted || canonicalSignature(one) === wanted.replaceAll(' ', ''),
  )
  const [event] = found
  if (event && found.length === 1) return event
  const what = event ? 'several events' : 'no event'
  const message = `the ABI has ${what} "${wanted}"; it has ${events.map(canonicalSignature).join(', ') || 'none'}`
  throw new AppError({ code: 'stream/bad-event', message })
}

function isEvent(entry: unknown): entry is AbiEvent {
  const { type, name, inputs } = (entry ?? {}) as Partial<AbiEvent>
  const isParameter = (one: unknown) => typeof (one as AbiParameter | null)?.type === 'string'
  return (
    type === 'event' &&
    typeof name === 'string' &&
    Array.isArray(inputs) &&
    inputs.every(isParameter)
  )
}

/** Compilers leave out names that the source leaves out. */
function named(event: AbiEvent): AbiEvent {
  const seen = new Set<string>()
  const inputs = event.inputs.map((input, at) => {
    const name = input.name && !seen.has(input.name) ? input.name : `arg${at}`
    seen.add(name)
    return { ...input, name }
  })
  return { ...event, inputs }
}
