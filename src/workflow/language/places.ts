/** Names places of a definition by JSON pointer, and collects what is wrong at them. */

import type { Json } from '../../base/json-rpc.ts'

/** An object of a definition. */
export type Members = { readonly [name: string]: Json }

/** A place of a definition, and the variables that expressions there may use beside the standard ones. */
export interface Place {
  /** JSON pointer (RFC 6901), such as `/do/0/pay/with`. */
  readonly pointer: string
  readonly variables: readonly string[]
}

/** Something wrong: where, what, and what would be right. */
export interface Problem {
  readonly pointer: string
  readonly message: string
}

/** A place below another one. */
export function below(place: Place, ...steps: readonly (string | number)[]): Place {
  return { ...place, pointer: place.pointer + pointerOf(steps) }
}

/** The same place where more variables are known. */
export function knowing(place: Place, ...variables: readonly string[]): Place {
  return { ...place, variables: [...place.variables, ...variables] }
}

/** JSON pointer of steps. */
export function pointerOf(steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replace(/~/g, '~0').replace(/\//g, '~1')}`).join('')
}

/** The steps of a JSON pointer. */
export function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'))
}

/** Whether a value is a JSON object. */
export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member's own value; inherited ones are none. */
export function memberOf(value: unknown, name: string): Json | undefined {
  return isMembers(value) && Object.hasOwn(value, name) ? value[name] : undefined
}
