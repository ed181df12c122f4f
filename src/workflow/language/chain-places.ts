/** Reads where on a chain a filter looks for its event: contracts, what a factory made, values of indexed arguments. */

import type { Json } from '../../base/json-rpc.ts'
import {
  canonicalEvent,
  createEventDecoder,
  parseEvent,
  signatureIn,
} from '../../stream/event-decoder.ts'
import type { Subscription } from '../../stream/subscription.ts'
import type { ChainPlace } from '../durable-context.ts'
import type { Compiler } from './compiler.ts'
import { expressionIn } from './expressions.ts'
import { below, isMembers, type Members, memberOf, type Place } from './places.ts'

type Factory = NonNullable<ChainPlace['factory']>

const factoryWords =
  'must be {contract, event, argument}: which event of which contract (or list of them) names in which argument what it made; no expressions'
/** Stands for contracts that are known by name only when the definition is deployed. */
const anyContract = `0x${'00'.repeat(20)}` as const

/** Whether a member of a filter for events of chains says where to look, and is no attribute to compare. */
export function isChainPlace(name: string, value: Json): boolean {
  return ['abi', 'factory', 'where'].includes(name) || (name === 'contract' && Array.isArray(value))
}

/** What the members say of it; nothing where there are none. Problems go to the compiler. */
export function compileChainPlace(
  compiler: Compiler,
  { given, event }: { readonly given: Members; readonly event: string },
  place: Place,
): ChainPlace | undefined {
  const { contract, factory, where } = given
  const wrong = (name: string, message: string): undefined => {
    compiler.problems.push({ pointer: below(place, name).pointer, message })
  }
  const contracts = Array.isArray(contract)
    ? (namesIn(contract) ?? wrong('contract', 'must be names or addresses, at least one'))
    : undefined
  const made =
    factory === undefined ? undefined : (factoryIn(factory) ?? wrong('factory', factoryWords))
  if (made !== undefined && contract !== undefined) {
    wrong('factory', 'stands beside "contract"; right is one of the two')
  }
  if (where !== undefined && !isMembers(where)) wrong('where', 'must be indexed arguments by name')
  const values = isMembers(where) ? where : undefined
  if (isEvent(event)) {
    const source = made && { address: anyContract, event: made.event, argument: made.argument }
    const refused = source && refusal({ event, factory: source })
    if (refused) wrong('factory', refused)
    const unfit = values && (refusal({ event, where: values }) ?? unfitValue(event, values))
    if (unfit) wrong('where', unfit)
  }
  if (contracts === undefined && made === undefined && values === undefined) return undefined
  return {
    ...(contracts === undefined ? {} : { contracts }),
    ...(made === undefined ? {} : { factory: labelled(made) }),
    ...(values === undefined ? {} : { where: values }),
  }
}

/** The signature of the event that the ABI of a filter has; nothing while that is elsewhere, or where it is wrong. */
export function signatureOf(
  { problems, options }: Compiler,
  { abi, event }: { readonly abi: Json; readonly event: string },
  place: Place,
): string | undefined {
  const { pointer } = below(place, 'abi')
  const endpoint = memberOf(abi, 'endpoint')
  if (Array.isArray(abi)) {
    try {
      return signatureIn(abi, event)
    } catch (error) {
      problems.push({ pointer, message: (error as Error).message })
    }
  } else if (endpoint === undefined) {
    problems.push({ pointer, message: 'must be an ABI as compilers write it, or {endpoint}' })
  } else if (options.elsewhere !== undefined) {
    options.elsewhere({ kind: 'abi', pointer, endpoint })
  } else {
    problems.push({ pointer, message: 'is elsewhere, and nothing is fetched here; write it out' })
  }
  return undefined
}

function namesIn(value: Json | undefined): readonly string[] | undefined {
  const list: readonly Json[] = Array.isArray(value) ? value : [value ?? null]
  const isName = (one: Json) => typeof one === 'string' && expressionIn(one) === undefined
  return list.length > 0 && list.every(isName) ? (list as readonly string[]) : undefined
}

function factoryIn(value: Json): Omit<Factory, 'label'> | undefined {
  if (!isMembers(value)) return undefined
  const { contract, event, argument, ...rest } = value
  const contracts = namesIn(contract)
  if (contracts === undefined || Object.keys(rest).length > 0) return undefined
  if (typeof event !== 'string' || typeof argument !== 'string') return undefined
  return { contracts, event, argument }
}

function labelled(factory: Omit<Factory, 'label'>): Factory {
  const { contracts, event, argument } = factory
  const name = isEvent(event) ? canonicalEvent(event) : event
  return { ...factory, label: `${contracts.join(',')} ${name} ${argument}` }
}

function isEvent(event: string): boolean {
  try {
    canonicalEvent(event)
    return true
  } catch {
    return false
  }
}

/** Why nobody could listen to it. */
function refusal(subscription: Subscription): string | undefined {
  try {
    createEventDecoder([subscription])
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** Values are compared as a log holds them: of what is longer than a word it has a digest only. */
function unfitValue(event: string, where: Members): string | undefined {
  for (const { name = '', type } of parseEvent(event).inputs) {
    const value = Object.hasOwn(where, name) ? where[name] : undefined
    if (value === undefined) continue
    if (!/^(address|bool|u?int\d*|bytes\d+)$/.test(type)) {
      return `"${name}" is of the type ${type}; only addresses, integers, booleans and bytes of a fixed length can be looked for`
    }
    const list: readonly Json[] = Array.isArray(value) ? value : [value]
    if (/^u?int/.test(type) && !list.every((one) => /^-?\d+$/.test(String(one)))) {
      return `"${name}" is an integer: write it in decimal digits`
    }
  }
  return undefined
}
