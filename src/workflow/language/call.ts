/** Compiles `call`: functions of the table, custom functions, and questions to people. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Action, RetryOptions } from '../durable-context.ts'
import { type Problem, WorkflowError } from '../workflow-error.ts'
import { callArguments } from './call-arguments.ts'
import type { Body, Compiler } from './compiler.ts'
import { durationMs } from './durations.ts'
import { functionEndpoint } from './elsewhere.ts'
import type { Evaluate } from './expressions.ts'
import { compileIterator, type Iterate } from './iterator.ts'
import { below, type Members, memberOf, type Place } from './places.ts'
import { compileQuestion } from './question.ts'
import { type Data, Directed, Ended, plainJson, type Scope } from './runtime.ts'
import type { Secrets } from './secrets.ts'

/** How long a step waits for a function that only another start of the program can bring. */
const lookAgainMs = 30_000

/** Calls that the language itself names. */
const builtIn = ['http', 'openapi', 'grpc', 'asyncapi', 'a2a', 'mcp']

/** `call`. */
export function compileCall(compiler: Compiler, definition: Members, place: Place): Body {
  const name = String(definition.call)
  if (name === 'human.approve') return compileQuestion(compiler, definition, place)
  const given = callArguments(compiler, definition, place)
  const custom = builtIn.includes(name) ? undefined : compiler.custom(name, below(place, 'call'))
  if (custom !== undefined) {
    return async (scope, key) => {
      const { frame } = scope
      const input = given(scope.input, scope)
      const result = await custom({ ...frame, depth: frame.depth + 1 }, input, `${key}/function`)
      return result instanceof Directed ? result.output : result
    }
  }
  checkKnown(compiler, name, below(place, 'call'))
  const body = actionBody(compiler, {
    kind: name,
    given,
    retry: retryOf(compiler, definition, place),
  })
  const each = memberOf(memberOf(definition.with, 'subscription'), 'foreach')
  if (name !== 'asyncapi' || each === undefined) return body
  return eachMessage(
    body,
    compileIterator(compiler, each, below(place, 'with', 'subscription', 'foreach')),
  )
}

/** Does something about each message of a subscription, once they are there. */
function eachMessage(body: Body, iterate: Iterate): Body {
  return async (scope, key) => {
    const messages = await body(scope, key)
    const handled: Data[] = []
    for (const [index, item] of (Array.isArray(messages)
      ? (messages as readonly Data[])
      : []
    ).entries()) {
      const result = await iterate(scope, `${key}#message/${index}`, { item, index })
      if (result instanceof Ended) return result
      handled.push(result)
    }
    return handled
  }
}

/** A problem where a definition is deployed that calls a function nobody has. */
export function checkKnown({ options, problems, use }: Compiler, name: string, place: Place): void {
  if (options.deploying !== true || Object.hasOwn(options.functions, name)) return
  const endpoint = functionEndpoint(name, use)
  if (endpoint !== undefined && options.elsewhere !== undefined) {
    options.elsewhere({ kind: 'function', name, endpoint })
    return
  }
  const message = /^[a-z]+:\/\/|@/.test(name)
    ? `"${name}" is in no catalog of this definition, or nothing is fetched here; write it under use.functions`
    : `"${name}" is unknown; known are ${Object.keys(options.functions).sort().join(', ')}`
  problems.push({ pointer: place.pointer, message })
}

/** Runs a function of the table as an action with what the expressions give. */
export function actionBody(
  { options }: Compiler,
  action: {
    readonly kind: string
    readonly given: Evaluate
    readonly retry?: RetryOptions | undefined
  },
): Body {
  const { kind, given, retry } = action
  return (scope, key) => {
    const input = plainJson(given(scope.input, scope))
    const { secrets } = scope.frame.run
    const shown = secrets.any ? secrets.redacted(input) : input
    const run: Action['run'] = async (context) => {
      const call = Object.hasOwn(options.functions, kind) ? options.functions[kind] : undefined
      if (call === undefined) {
        const reason = `the function "${kind}" is not there in this start of the program`
        return { kind: 'waiting', reason, retryAfterMs: lookAgainMs }
      }
      return call(input, context)
    }
    const safe = secrets.any ? hiding(secrets, run) : run
    const whole = {
      ...{ kind, input: shown, run: safe, ...(retry === undefined ? {} : { retry }) },
      ...(isUndone(scope) ? { isUndone: true } : {}),
    }
    return scope.frame.durable.run(key, whole)
  }
}

/** Whether the task of an action has what undoes it. */
function isUndone({ task }: Scope): boolean {
  return memberOf(memberOf(task?.definition, 'metadata'), 'compensate') !== undefined
}

/** A function whose results and errors are journaled: no secret may stand in them. */
function hiding(secrets: Secrets, call: Action['run']): Action['run'] {
  return async (context) => {
    try {
      const outcome = await call(context)
      if (outcome.kind !== 'done') return outcome
      return { ...outcome, output: secrets.redacted(outcome.output) }
    } catch (error) {
      throw redactedError(error, secrets)
    }
  }
}

function redactedError(error: unknown, secrets: Secrets): unknown {
  if (!(error instanceof AppError)) return error
  const { retry, code } = error
  const message = secrets.redacted(error.message)
  if (!(error instanceof WorkflowError)) {
    return message === error.message ? error : new AppError({ code, message, retry })
  }
  const seen = secrets.redacted(error.problem as unknown as Json) as unknown as Problem
  const { retryAfterMs } = error.data
  const pause = typeof retryAfterMs === 'number' ? { retryAfterMs } : {}
  return new WorkflowError({ ...seen, ...pause, retry })
}

/** `metadata.retry`: how failures that may pass are tried again. */
export function retryOf(
  { problems }: Compiler,
  definition: Members,
  place: Place,
): RetryOptions | undefined {
  const retry = memberOf(definition.metadata, 'retry')
  if (retry === undefined) return undefined
  const where = below(place, 'metadata', 'retry')
  const number = (name: string, fallback: number, least: number): number => {
    const value = memberOf(retry, name)
    if (value === undefined) return fallback
    if (typeof value === 'number' && value >= least) return value
    problems.push({
      pointer: below(where, name).pointer,
      message: `must be a number from ${least}`,
    })
    return fallback
  }
  const delay = memberOf(retry, 'delay') as Json | undefined
  return {
    attempts: number('attempts', 5, 1),
    delayMs: delay === undefined ? number('delayMs', 1_000, 0) : (durationMs(delay) ?? 1_000),
    backoff: number('backoff', 2, 1),
  }
}
