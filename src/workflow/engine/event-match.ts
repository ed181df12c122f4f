/** Says whether an event is one that is waited for. */

import type { Json } from '../../base/json-rpc.ts'
import type { ChainPlace, CloudEvent, EventWish } from '../durable-context.ts'

/** Evaluates an expression on an event. @throws Error for what cannot be evaluated on it */
export type Evaluate = (expression: string, event: CloudEvent) => Json

/** Whether an event fits a wish; one that an expression fails on does not. */
export function matches(wish: EventWish, event: CloudEvent, evaluate: Evaluate): boolean {
  for (const [name, wanted] of Object.entries(wish.attributes)) {
    if (!fits(name, wanted, event)) return false
  }
  if (wish.chain !== undefined && !isAt(wish.chain, event)) return false
  try {
    const { when, correlate = [] } = wish
    if (when !== undefined && !isTrue(evaluate(when, event))) return false
    return correlate.every(
      ({ from, expect }) => JSON.stringify(evaluate(from, event)) === JSON.stringify(expect),
    )
  } catch {
    return false
  }
}

/** Whether it happened where it is looked for on its chain. */
function isAt({ contracts, factory, where = {} }: ChainPlace, event: CloudEvent): boolean {
  if (contracts?.some((one) => fits('contract', one, event)) === false) return false
  const makers = String(event.madeby ?? '').split('\n')
  if (factory !== undefined && !makers.includes(factory.label)) return false
  const { args = {} } = (event.data ?? {}) as { readonly args?: { readonly [name: string]: Json } }
  return Object.entries(where).every(([name, wanted]) => {
    const list: readonly Json[] = Array.isArray(wanted) ? wanted : [wanted]
    return list.some((one) => lowerText(one) === lowerText(args[name]))
  })
}

function lowerText(value: Json | undefined): string {
  return String(value).toLowerCase()
}

/** Contracts are named or addressed, events written with or without their arguments' names. */
function fits(name: string, wanted: string, event: CloudEvent): boolean {
  const found = event[name]
  if (found === wanted) return true
  if (name === 'event') return typeof found === 'string' && sameEvent(wanted, found)
  if (name !== 'contract') return false
  if (event.contractname === wanted) return true
  const { address } = (event.data ?? {}) as { readonly address?: Json }
  return typeof address === 'string' && address.toLowerCase() === wanted.toLowerCase()
}

/** `Deposited(address indexed account, uint256)` and `Deposited(address,uint256)`; a name alone stands for any arguments. */
function sameEvent(wanted: string, found: string): boolean {
  return wanted.includes('(')
    ? bareSignature(wanted) === bareSignature(found)
    : wanted === found.split('(')[0]
}

/** A signature as it is hashed: without `event`, `indexed`, names and spaces, with whole types. */
function bareSignature(text: string): string {
  return text
    .replace(/^\s*event\s+/, '')
    .replace(/([\w\])])\s+[\w$][\w$\s]*(?=[,)])/g, '$1')
    .replace(/\s+|\btuple(?=\()/g, '')
    .replace(/\b(u?int)\b/g, '$1256')
}

function isTrue(value: Json): boolean {
  return value !== null && value !== false
}
