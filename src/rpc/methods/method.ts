/** Defines what a method is: how its parameters are read, and what it answers. */

import type { Json } from '../../base/json-rpc.ts'
import type { WrittenJson } from '../envelope/written-text.ts'
import { type Parsed, type Parser, parseParams } from '../params/parser.ts'
import type { CallContext } from '../view/context.ts'

/** What a method gives. */
type Answer = Json | WrittenJson

/** Answers one call. */
export interface Method {
  (context: CallContext, params: readonly Json[]): Answer | Promise<Answer>
  /** How many parameters it takes. */
  readonly parameters: number
}

/** Methods by name. */
export type MethodTable = Readonly<Record<string, Method>>

/** A method whose parameters are read by `parsers`, in order. */
export function method<const P extends readonly Parser<unknown>[]>(
  parsers: P,
  run: (context: CallContext, params: Parsed<P>) => Answer | Promise<Answer>,
): Method {
  const answer = (context: CallContext, params: readonly Json[]) =>
    run(context, parseParams(parsers, params))
  return Object.assign(answer, { parameters: parsers.length })
}
