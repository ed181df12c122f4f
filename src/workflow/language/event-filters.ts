/** Turns the event filters of definitions into wishes: literal attributes to look up, and one expression for the rest. */

import type { Json } from '../../base/json-rpc.ts'
import { nearEvents, registeredSignature } from '../../stream/abi-registry.ts'
import { parseEvent } from '../../stream/event-decoder.ts'
import type { ChainPlace, EventWish } from '../durable-context.ts'
import { canonicalJson } from './canonical.ts'
import { compileChainPlace, isChainPlace, signatureOf } from './chain-places.ts'
import type { Compiler } from './compiler.ts'
import { type Evaluate, expressionIn, standardArguments } from './expressions.ts'
import { below, isMembers, memberOf, type Place } from './places.ts'
import { argumentOf, type Data, plainJson, type Scope } from './runtime.ts'

/** A filter that can be turned into a wish when it is known what its expressions mean. */
export interface EventFilter {
  wish(scope: Scope | undefined): EventWish
  /** Those that are literal. */
  readonly attributes: Readonly<Record<string, string>>
  /** Where on a chain it looks, beside them. */
  readonly chain: ChainPlace | undefined
  /** Correlations without an expected value: the first event gives it. */
  readonly open: readonly { readonly name: string; readonly from: Evaluate }[]
}

/** Compiles a filter: `with`, and `correlate`. */
export function compileFilter(compiler: Compiler, filter: Json, place: Place): EventFilter {
  const given = memberOf(filter, 'with')
  const where = below(place, 'with')
  const attributes: Record<string, string> = {}
  const tests: ((scope: Scope | undefined) => string)[] = []
  const isOfChain = memberOf(given, 'type') === 'evm.log'
  for (const [name, value] of Object.entries(isMembers(given) ? given : {})) {
    if (isOfChain && isChainPlace(name, value)) continue
    const expression = typeof value === 'string' ? expressionIn(value) : undefined
    if (expression !== undefined) {
      compiler.expressions.bare(expression, below(where, name))
      const known = bound(expression, place.variables)
      tests.push((scope) => testOf(name, known(scope)))
    } else if (typeof value === 'string') {
      attributes[name] = value
    } else {
      const evaluate = compiler.expressions.template(value, below(where, name))
      tests.push((scope) => {
        const wanted = scope === undefined ? value : plainJson(evaluate(scope.input, scope))
        return `(.${JSON.stringify(name)} == ${canonicalJson(wanted)})`
      })
    }
  }
  const { closed, open } = correlations(
    compiler,
    memberOf(filter, 'correlate'),
    below(place, 'correlate'),
  )
  if (isOfChain) signEvent(compiler, { given, attributes, tests }, where)
  const { event = '' } = attributes
  const chain =
    isOfChain && isMembers(given) ? compileChainPlace(compiler, { given, event }, where) : undefined
  return {
    ...{ open, attributes, chain },
    wish: (scope) => {
      const when = tests.map((test) => test(scope)).join(' and ')
      const correlate = scope === undefined ? [] : closed.map((one) => one(scope))
      return {
        attributes,
        ...(chain === undefined ? {} : { chain }),
        ...(when === '' ? {} : { when }),
        ...(correlate.length === 0 ? {} : { correlate }),
      }
    },
  }
}

/** Puts the whole signature where an event is named by an ABI or the registry. */
function signEvent(
  compiler: Compiler,
  filter: {
    readonly given: Json | undefined
    readonly attributes: Record<string, string>
    readonly tests: ((scope: Scope | undefined) => string)[]
  },
  place: Place,
): void {
  const { given, attributes, tests } = filter
  const abi = memberOf(given, 'abi')
  if (abi !== undefined) {
    const signature = signatureOf(compiler, { abi, event: attributes.event ?? '' }, place)
    if (signature !== undefined) attributes.event = signature
    return
  }
  const registered = registeredSignature(attributes.event ?? '')
  if (registered !== undefined) {
    attributes.event = registered.signature
    tests.push(...registered.alike.map((names) => () => unlike(names)))
  } else if (compiler.options.deploying) {
    const message = eventProblem(attributes.event)
    const { pointer } = attributes.event === undefined ? place : below(place, 'event')
    if (message !== undefined) compiler.problems.push({ pointer, message })
  }
}

/** An event is not one of the same topic with other arguments: a token that is sent is no amount that is. */
function unlike(names: readonly string[]): string {
  return `((.data.args // {} | keys) != ${canonicalJson([...names].sort())})`
}

const right =
  'right is such as "Deposited(address indexed account, uint256 amount)" or ERC-20.Transfer'

/** Why nobody could listen to a chain for an event that is given so. */
function eventProblem(event: string | undefined): string | undefined {
  if (event === undefined) {
    return `takes events of a chain and does not say which: add "event" with a signature or a name of the registry, no expression; ${right}`
  }
  try {
    parseEvent(event)
    return undefined
  } catch {
    const wrong = `takes events of a chain, and "${event}" is no signature with named arguments`
    if (event.includes('(')) return `${wrong}; ${right}`
    const near = nearEvents(event)
    if (near.length === 0) return `${wrong}, and no event of the registry; ${right}`
    const meant = near.length === 1 ? `did you mean ${near[0]}` : `which of ${near.join(', ')}`
    return `${wrong}, and no event of the registry: ${meant}? Else ${right}`
  }
}

/** The attribute's value under the expression; what it gives is the verdict, or what the attribute must be. */
function testOf(name: string, expression: string): string {
  if (name === 'contract') {
    // Contracts are named or addressed, as where they are literal.
    const same = '(ascii_downcase == ($__contract | ascii_downcase)) or . == $__name'
    return `(.contractname as $__name | .contract as $__contract | $__contract | (${expression}) | if type == "boolean" then . else type == "string" and (${same}) end)`
  }
  return `(.${JSON.stringify(name)} as $__value | $__value | (${expression}) | if type == "boolean" then . else . == $__value end)`
}

/** An expression that stands alone: the values of the variables that it mentions are written before it. */
function bound(
  expression: string,
  variables: readonly string[],
): (scope: Scope | undefined) => string {
  const mentioned = [...standardArguments, ...variables].filter((name) => {
    return new RegExp(`\\$${name}\\b`).test(expression)
  })
  return (scope) => {
    if (scope === undefined) return expression
    const values = mentioned.map((name) => `${literal(argumentOf(scope, name))} as $${name} | `)
    return `${values.join('')}${expression}`
  }
}

function literal(value: Data): string {
  return canonicalJson(plainJson(value))
}

type Closed = (scope: Scope) => { readonly from: string; readonly expect: Json }

function correlations(
  { expressions }: Compiler,
  correlate: Json | undefined,
  place: Place,
): { readonly closed: readonly Closed[]; readonly open: EventFilter['open'] } {
  const entries = Object.entries(isMembers(correlate) ? correlate : {})
  const closed: Closed[] = []
  const open: { readonly name: string; readonly from: Evaluate }[] = []
  for (const [name, definition] of entries) {
    const text = String(memberOf(definition, 'from'))
    const from = expressions.bare(text, below(place, name, 'from'))
    const expect = memberOf(definition, 'expect')
    if (expect === undefined) {
      open.push({ name, from })
      continue
    }
    const evaluate = expressions.template(expect, below(place, name, 'expect'))
    closed.push((scope) => ({
      from: expressionIn(text) ?? text,
      expect: plainJson(evaluate(scope.input, scope)),
    }))
  }
  return { closed, open }
}

/** The filters of a strategy: `one`, `any` or `all`. */
export function strategyFilters(strategy: Json | undefined): {
  readonly kind: 'one' | 'any' | 'all'
  readonly filters: readonly Json[]
} {
  const kind = (['one', 'any', 'all'] as const).find(
    (name) => memberOf(strategy, name) !== undefined,
  )
  const given = memberOf(strategy, kind ?? 'any')
  const filters = kind === 'one' ? [given ?? {}] : Array.isArray(given) ? (given as Json[]) : []
  return { kind: kind ?? 'any', filters }
}

/** The place of a strategy's filter. */
export function filterPlace(place: Place, kind: 'one' | 'any' | 'all', at: number): Place {
  return kind === 'one' ? below(place, 'one') : below(place, kind, at)
}
