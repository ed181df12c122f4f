/** Takes messages of a subscription until it has what its task wants. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { compileExpression, type Evaluate } from '../../stream/jq.ts'
import type { IncomingMessage } from '../message-clients.ts'
import { WorkflowError } from '../workflow-error.ts'
import { type Fields, fieldsOf, invalid, optionalText } from './call-fields.ts'

/** Messages that one call gives; with their texts they are one output of a step. */
const maxMessages = 1_000
const maxBytes = 256 * 1024

/** What is wanted, and what expressions may use. */
export interface Consumption {
  /** `{filter?, consume: {amount | while | until, for?}}`, with expressions as they were written. */
  readonly subscription: Fields
  /** Values of the expressions' variables, without dollar signs; `$context.messages` are those that were taken. */
  readonly variables: Fields
  readonly signal: AbortSignal
}

/**
 * The messages `{payload, headers, correlationId?}`, in their order; what the stream has when it ends.
 *
 * @throws WorkflowError `validation`, `expression`, `runtime` for too many; AppError `workflow/consumption-cut`
 */
export async function consumeMessages(
  stream: AsyncIterable<IncomingMessage>,
  { subscription, variables, signal }: Consumption,
): Promise<readonly Json[]> {
  const consume = fieldsOf(subscription.consume, 'consume')
  const { amount } = consume
  if (amount !== undefined && !(Number.isInteger(amount) && (amount as number) > 0))
    throw invalid('"amount" of a subscription is a whole number from 1')
  const names = [...new Set([...Object.keys(variables), 'context'])]
  const expression = (text: Json | undefined) => compiled(text, names)
  const [filter, during, until] = [subscription.filter, consume.while, consume.until].map(
    expression,
  )
  const taken: Json[] = []
  let bytes = 0
  const holds = (evaluate: Evaluate, message: Json) => {
    const context = {
      messages: taken,
      consumedMessages: taken,
      ...fieldsOf(variables.context, 'context'),
    }
    return truthy(evaluated(evaluate, message, { ...variables, context }))
  }
  for await (const incoming of stream) {
    const message = messageOf(incoming)
    if (filter !== undefined && !holds(filter, message)) continue
    bytes += incoming.payload.length
    if (taken.length >= maxMessages || bytes > maxBytes) throw tooMany()
    taken.push(message)
    if (taken.length === amount) break
    if (during !== undefined && !holds(during, message)) break
    if (until !== undefined && holds(until, message)) break
  }
  if (!signal.aborted) return taken
  const message = 'a subscription was interrupted'
  throw new AppError({ code: 'workflow/consumption-cut', message, retry: 'later' })
}

function messageOf({ payload, contentType, headers = {} }: IncomingMessage): Json {
  const text = Buffer.from(payload).toString('utf8')
  const correlationId = headers.correlationId ?? headers['correlation-id']
  return {
    ...{ payload: valueIn(text, contentType), headers },
    ...(correlationId === undefined ? {} : { correlationId }),
  }
}

function valueIn(text: string, contentType: string | undefined): Json {
  if (contentType?.startsWith('text/')) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** An expression in `${ }`, or as it is. */
function compiled(text: Json | undefined, variables: readonly string[]): Evaluate | undefined {
  const expression = optionalText({ text: text ?? null }, 'text', 'a subscription')
  if (expression === undefined) return undefined
  const bare = /^\s*\$\{([\s\S]*)\}\s*$/.exec(expression)?.[1] ?? expression
  try {
    return compileExpression(bare, { variables })
  } catch (cause) {
    throw failedExpression(cause)
  }
}

function evaluated(evaluate: Evaluate, message: Json, variables: Fields): Json {
  try {
    return evaluate(message, variables)
  } catch (cause) {
    throw failedExpression(cause)
  }
}

function truthy(value: Json): boolean {
  return value !== null && value !== false
}

function failedExpression(cause: unknown): WorkflowError {
  const detail = `an expression of a subscription failed: ${(cause as Error).message}`
  return new WorkflowError({ type: 'expression', title: 'Failed expression', detail, cause })
}

function tooMany(): WorkflowError {
  const detail = `a subscription gives at most ${maxMessages} messages and ${maxBytes} bytes`
  return new WorkflowError({ type: 'runtime', title: 'Too many messages', detail })
}
