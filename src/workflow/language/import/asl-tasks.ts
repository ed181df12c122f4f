/** Turns the resources that states of Amazon States Language call into calls of the workflow language. */

import type { Json } from '../../../base/json-rpc.ts'
import { templateExpression } from './asl-paths.ts'
import { type Members, membersAt, mustKnow, noCounterpart, textAt } from './refusal.ts'

/** A call, and its result in the form that the state machine expects. */
interface Called {
  readonly task: { readonly [name: string]: Json }
  readonly raw: string
}

interface Calling {
  readonly state: Members
  readonly place: string
  /** What the resource is given, as jq. */
  readonly payload: string
  /** What the state works on, as jq. */
  readonly root: string
}

const http = ['ApiEndpoint', 'Method', 'Headers', 'QueryParameters', 'RequestBody']

/** @throws AppError `workflow/no-counterpart` for services that are not known here */
export function taskOf(calling: Calling): Called {
  const { state, place, payload } = calling
  const resource = textAt(state.Resource, `${place}.Resource`)
  const [, lambda] = /^arn:aws[\w-]*:lambda:[^:]*:[^:]*:function:([\w-]+)/.exec(resource) ?? []
  if (lambda !== undefined) return { task: functionCall(lambda, payload), raw: '.' }
  if (resource.endsWith(':states:::lambda:invoke')) return invoked(calling)
  if (resource.endsWith(':states:::http:invoke')) return requested(calling)
  const [, waits] = /:states:::states:startExecution(\.sync(?::2)?)?$/.exec(resource) ?? []
  if (/:states:::states:startExecution(\.sync(:2)?)?$/.test(resource))
    return started(calling, waits !== undefined)
  throw noCounterpart(
    `${place}.Resource`,
    `${resource} has no counterpart; functions of Lambda, http:invoke and startExecution have`,
  )
}

function functionCall(name: string, payload: string): Called['task'] {
  return { call: 'function.invoke', with: { function: name, payload: `\${ ${payload} }` } }
}

function parametersOf({ state, place }: Calling, known: readonly string[]): Members {
  const parameters = membersAt(state.Parameters, `${place}.Parameters`)
  const plain = Object.keys(parameters).map((name) => [name.replace(/\.\$$/, ''), null] as const)
  mustKnow(Object.fromEntries(plain), known, `${place}.Parameters`)
  return parameters
}

/** One parameter as jq; undefined where it is not given. */
function parameter(calling: Calling, parameters: Members, name: string): string | undefined {
  const given = Object.entries(parameters).filter(([one]) => one === name || one === `${name}.$`)
  if (given.length === 0) return undefined
  const object = Object.fromEntries(given)
  return `(${templateExpression(object, calling.root, `${calling.place}.Parameters`)} | .${name})`
}

function invoked(calling: Calling): Called {
  const parameters = parametersOf(calling, [
    'FunctionName',
    'Payload',
    'InvocationType',
    'Qualifier',
  ])
  const name = textAt(parameters.FunctionName, `${calling.place}.Parameters.FunctionName`)
  const [, plain = name] = /function:([\w-]+)/.exec(name) ?? []
  const payload = parameter(calling, parameters, 'Payload') ?? '{}'
  return { task: functionCall(plain, payload), raw: '{Payload: ., StatusCode: 200}' }
}

function requested(calling: Calling): Called {
  const parameters = parametersOf(calling, http)
  const part = (name: string, as: string): { [name: string]: Json } => {
    const value = parameter(calling, parameters, name)
    return value === undefined ? {} : { [as]: `\${ ${value} }` }
  }
  const method = textAt(parameters.Method, `${calling.place}.Parameters.Method`).toLowerCase()
  const { endpoint = '' } = part('ApiEndpoint', 'endpoint')
  const rest = {
    ...part('Headers', 'headers'),
    ...part('QueryParameters', 'query'),
    ...part('RequestBody', 'body'),
  }
  const fixed = parameters.ApiEndpoint
  const address = typeof fixed === 'string' ? fixed : endpoint
  return {
    task: { call: 'http', with: { method, endpoint: address, ...rest } },
    raw: '{ResponseBody: ., StatusCode: 200}',
  }
}

function started(calling: Calling, waits: boolean): Called {
  const parameters = parametersOf(calling, ['StateMachineArn', 'Input', 'Name'])
  const arn = textAt(parameters.StateMachineArn, `${calling.place}.Parameters.StateMachineArn`)
  const name = (arn.split(':').at(-1) ?? arn).toLowerCase()
  const input = parameter(calling, parameters, 'Input') ?? '{}'
  const workflow = {
    namespace: 'imported',
    name,
    version: '0.1.0',
    input: { input: `\${ ${input} }` },
  }
  return { task: { run: { workflow, await: waits } }, raw: waits ? '{Output: .}' : '.' }
}
