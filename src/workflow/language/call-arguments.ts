/** Evaluates the `with` of calls: expressions, URI templates, and the authentication that is meant. */

import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { Compiler } from './compiler.ts'
import { type Evaluate, standardArguments } from './expressions.ts'
import { below, isMembers, type Members, memberOf, type Place } from './places.ts'
import { argumentOf, type Data, type Scope } from './runtime.ts'

/** Members of `with` whose `endpoint` or self is a URI template, by function. */
const endpoints = ['endpoint', 'document', 'proto', 'agentCard', 'server', 'source', 'transport']
/** Members in which the URI of an endpoint stands. */
const inEndpoints = ['uri', 'endpoint', 'http']

/** What a call is about, which is none of ours. */
const contents = ['body', 'arguments', 'parameters']

/** Schemes whose settings may come from a secret by `use`. */
const schemes = ['basic', 'bearer', 'digest', 'oauth2', 'oidc', 'certificate']

/** What a call is given. */
export function callArguments(compiler: Compiler, definition: Members, place: Place): Evaluate {
  const { call } = definition
  const given = definition.with ?? {}
  const where = below(place, 'with')
  const standard = ['http', 'openapi', 'grpc', 'asyncapi', 'a2a', 'mcp'].includes(String(call))
  if (!standard) return compiler.expressions.template(given, where)
  return networkArguments(compiler, given, where)
}

/** The same for anything that has endpoints and authentication in it. */
export function networkArguments(compiler: Compiler, given: Json, where: Place): Evaluate {
  const authenticated = withAuthentication(compiler, given, where)
  const evaluate = withSubscription(compiler, authenticated, where)
  const templated = endpoints.some((name) => hasTemplate(memberOf(given, name)))
  const secret = /"use":/.test(JSON.stringify(authenticated))
  const authentication = findAuthentication(authenticated)
  const wanted = /\$authorization\b/.test(JSON.stringify(given))
  const authorize =
    wanted && authentication !== undefined
      ? compiler.expressions.template(authentication, where)
      : undefined
  return (data, scope) => {
    if (authorize !== undefined) {
      scope.authorization = authorizationOf(fromSecrets(authorize(data, scope), scope))
    }
    let value = evaluate(data, scope)
    if (secret) value = fromSecrets(value, scope)
    if (templated && isMembers(value)) value = expanded(value, data)
    return value
  }
}

/**
 * A subscription goes as it is written: its expressions are evaluated by the called function on each message, with the
 * variables that they mention as they are now.
 */
function withSubscription(compiler: Compiler, given: Json, place: Place): Evaluate {
  const { subscription, ...rest } = given as Members
  const evaluate = compiler.expressions.template(rest, place)
  if (!isMembers(subscription)) return evaluate
  const { foreach: _foreach, ...written } = subscription
  const text = JSON.stringify(written)
  const names = [...standardArguments, ...place.variables].filter((name) => {
    return name !== 'secrets' && new RegExp(`\\$${name}\\b`).test(text)
  })
  return (data, scope) => {
    const variables = Object.fromEntries(names.map((name) => [name, argumentOf(scope, name)]))
    return { ...(evaluate(data, scope) as object), subscription: written, variables }
  }
}

/** Replaces `authentication: {use: NAME}` by what `use.authentications` has under the name, wherever it stands. */
function withAuthentication(compiler: Compiler, value: Json, place: Place): Json {
  if (Array.isArray(value)) return value
  if (!isMembers(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      if (contents.includes(name)) return [name, one]
      if (name !== 'authentication')
        return [name, withAuthentication(compiler, one, below(place, name))]
      const used = memberOf(one, 'use')
      if (typeof used !== 'string') return [name, one]
      const found = memberOf(compiler.use.authentications, used)
      if (found === undefined) {
        const known = Object.keys(compiler.use.authentications ?? {}).join(', ') || 'none'
        const message = `"${used}" is no authentication of use.authentications; known: ${known}`
        compiler.problems.push({ pointer: below(place, name, 'use').pointer, message })
      }
      return [name, found ?? null]
    }),
  )
}

function findAuthentication(value: Json): Json | undefined {
  if (!isMembers(value)) return undefined
  if (isMembers(value.authentication)) return value.authentication
  for (const one of Object.values(value)) {
    const found = findAuthentication(one)
    if (found !== undefined) return found
  }
  return undefined
}

/** Puts secrets where `basic: {use: NAME}` and its like stand in an authentication. */
function fromSecrets(value: Data, scope: Scope): Data {
  if (!isMembers(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]): [string, Data] => {
      const used = schemes.includes(name) ? memberOf(one, 'use') : undefined
      if (typeof used === 'string') return [name, scope.frame.run.secrets.value(used)]
      return [name, contents.includes(name) ? one : fromSecrets(one, scope)]
    }),
  ) as Data
}

function authorizationOf(authentication: Data): Data {
  const basic = memberOf(authentication, 'basic')
  if (isMembers(basic)) {
    const pair = `${String(basic.username)}:${String(basic.password)}`
    return { scheme: 'Basic', parameter: Buffer.from(pair).toString('base64') }
  }
  const bearer = memberOf(authentication, 'bearer')
  if (isMembers(bearer)) return { scheme: 'Bearer', parameter: String(bearer.token) }
  return null
}

function hasTemplate(value: Json | undefined): boolean {
  return value !== undefined && /(?<!\$)\{[^{}]*\}/.test(JSON.stringify(uriIn(value) ?? null))
}

function uriIn(value: Json): Json | undefined {
  if (typeof value === 'string') return value
  const inner = inEndpoints.map((name) => memberOf(value, name)).find((one) => one !== undefined)
  return inner === undefined ? undefined : uriIn(inner)
}

function expanded(given: { readonly [name: string]: Data }, data: Data): Data {
  return Object.fromEntries(
    Object.entries(given).map(([name, one]): [string, Data] => {
      return [name, endpoints.includes(name) ? expandEndpoint(one, data) : one]
    }),
  ) as Data
}

function expandEndpoint(value: Data, data: Data): Data {
  if (typeof value === 'string') return expandUri(value, data)
  if (!isMembers(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]): [string, Data] => {
      return [name, inEndpoints.includes(name) ? expandEndpoint(one, data) : one]
    }),
  ) as Data
}

/**
 * Simple string expansion of `{name}` with top-level members of the data; one that is missing is empty.
 *
 * @throws WorkflowError `expression` for a value that is an object or a list
 * @see RFC 6570, 3.2.2, and the language's reference, "URI Template"
 */
function expandUri(uri: string, data: Data): string {
  return uri.replace(/\{([^{}]*)\}/g, (_match, name: string) => {
    const value = isMembers(data) && Object.hasOwn(data, name) ? (data[name] as Data) : null
    if (value === null) return ''
    if (typeof value !== 'object') return encodeURIComponent(String(value))
    const detail = `"{${name}}" of the URI ${uri} is no text, number or boolean`
    throw new WorkflowError({ type: 'expression', title: 'URI template failed', detail })
  })
}
