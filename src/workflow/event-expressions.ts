/** Evaluates the expressions by which events are waited for. */

import type { Json } from '../base/json-rpc.ts'
import { compileExpression, type Evaluate } from '../stream/jq.ts'
import type { CloudEvent } from './durable-context.ts'
import { exactEvent } from './language/exact-events.ts'

/** Compiled expressions that are kept; wishes of instances differ by the values written into them. */
const maxKept = 1_000

/** Evaluates on whole events, whose integer arguments are exact. @throws AppError where an expression fails or is none */
export function createEventExpressions(): (expression: string, event: CloudEvent) => Json {
  const kept = new Map<string, Evaluate>()
  return (expression, event) => {
    const known = kept.get(expression)
    if (known !== undefined) return known(exactEvent(event))
    const evaluate = compileExpression(expression)
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value as string)
    kept.set(expression, evaluate)
    return evaluate(exactEvent(event))
  }
}
