/** Stands in for AWS Lambda: checks the signature of each request, and has functions that take a while to be ready. */

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { Json } from '../../base/json-rpc.ts'
import { type AwsAccount, signatureFault } from './aws-signature.ts'
import { bodyOf } from './function-server.ts'
import { unzipped } from './zip-reader.ts'

type Fields = Record<string, unknown>

/** What a request is answered. */
interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

interface OneFunction {
  readonly config: Fields
  files: Readonly<Record<string, string>>
  readonly versions: Fields[]
  readonly aliases: Map<string, string>
  /** Looks until it is ready. */
  pending: number
}

/** How a call of a function ends; nothing leaves it without an answer. */
export type LambdaCall = (
  name: string,
  event: { readonly [key: string]: Json },
  qualifier: string | null,
) => Answer | undefined

const failure = (status: number, type: string, message: string): Answer => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: { Type: 'User', Message: message },
})
const notFound = (name: string) =>
  failure(404, 'ResourceNotFoundException', `Function not found: ${name}`)
const busy = failure(409, 'ResourceConflictException', 'an update is in progress')

/** The service of one account. */
export class LambdaServer {
  readonly functions = new Map<string, OneFunction>()
  readonly account: AwsAccount
  readonly #call: LambdaCall
  /** Requests by method and path. */
  readonly seen: string[] = []

  constructor(account: AwsAccount, call: LambdaCall) {
    this.account = account
    this.#call = call
  }

  server(): Server {
    return createServer(async (request, response) => {
      const body = await bodyOf(request)
      const url = new URL(request.url ?? '', 'http://host')
      this.seen.push(`${request.method} ${url.pathname}`)
      const fault = signatureFault(request, body, this.account)
      const answer =
        fault === undefined
          ? this.#answer(request.method ?? '', url, body)
          : failure(403, 'InvalidSignatureException', fault)
      if (answer === undefined) return
      const { status = 200, headers = {}, body: given } = answer
      const text = typeof given === 'string' ? given : JSON.stringify(given ?? '')
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(status === 204 ? undefined : text)
    })
  }

  /** A function that is there already. */
  add(name: string): OneFunction {
    const config = {
      FunctionName: name,
      Runtime: 'nodejs24.x',
      LastModified: '2026-01-02T03:04:05Z',
    }
    const one = { config, files: {}, versions: [], aliases: new Map(), pending: 0 }
    this.functions.set(name, one)
    return one
  }

  #answer(method: string, url: URL, body: Buffer): Answer | undefined {
    const [, , root, name = '', what = '', item = ''] = url.pathname.split('/')
    assert.equal(root, 'functions')
    const given = () => JSON.parse(body.toString('utf8')) as Fields
    if (name === '') return method === 'POST' ? this.#create(given()) : this.#list(url)
    if (what === 'invocations') {
      const qualifier = url.searchParams.get('Qualifier')
      return this.#call(name, JSON.parse(body.toString('utf8')), qualifier) ?? undefined
    }
    const one = this.functions.get(name)
    if (one === undefined) return notFound(name)
    if (what === '' && method === 'DELETE') {
      this.functions.delete(name)
      return { status: 204 }
    }
    if (what === 'configuration') return this.#configuration(one, method, given)
    if (what === 'code') return this.#code(one, given())
    if (what === 'versions') return this.#versions(one, method)
    assert.equal(what, 'aliases')
    return this.#alias(one, method, { item, given })
  }

  #create(given: Fields): Answer {
    const name = String(given.FunctionName)
    if (!String(given.Role).startsWith('arn:aws:iam:')) {
      return failure(400, 'InvalidParameterValueException', 'the role cannot be assumed')
    }
    const one = this.add(name)
    const { Code, ...config } = given
    Object.assign(one.config, config)
    one.files = filesOf((Code as Fields).ZipFile)
    one.pending = 2
    return { status: 201, body: stateOf(one) }
  }

  /** Two a page. */
  #list(url: URL): Answer {
    const from = Number(url.searchParams.get('Marker') ?? 0)
    const all = [...this.functions.values()].map(({ config }) => config)
    const NextMarker = from + 2 < all.length ? String(from + 2) : undefined
    return { body: { Functions: all.slice(from, from + 2), NextMarker } }
  }

  #configuration(one: OneFunction, method: string, given: () => Fields): Answer {
    if (method === 'PUT') {
      if (one.pending > 0) return busy
      Object.assign(one.config, given())
      one.pending = 2
    }
    const body = stateOf(one)
    one.pending = Math.max(0, one.pending - 1)
    return { body }
  }

  #code(one: OneFunction, { ZipFile }: Fields): Answer {
    if (one.pending > 0) return busy
    one.files = filesOf(ZipFile)
    one.pending = 2
    return { body: stateOf(one) }
  }

  #versions(one: OneFunction, method: string): Answer {
    if (method === 'GET') {
      return { body: { Versions: [{ ...one.config, Version: '$LATEST' }, ...one.versions] } }
    }
    if (one.pending > 0) return busy
    const version = { ...one.config, Version: String(one.versions.length + 1), CodeSize: 7 }
    one.versions.push(version)
    return { status: 201, body: version }
  }

  #alias(
    one: OneFunction,
    method: string,
    { item, given }: { readonly item: string; readonly given: () => Fields },
  ): Answer {
    if (method === 'GET') {
      const version = one.aliases.get(item)
      return version === undefined ? notFound(item) : { body: { FunctionVersion: version } }
    }
    const { Name = item, FunctionVersion: version } = given()
    if (method === 'PUT' && !one.aliases.has(item)) return notFound(item)
    if (!one.versions.some(({ Version }) => Version === version)) return notFound(String(version))
    one.aliases.set(String(Name), String(version))
    return { status: 201, body: { FunctionVersion: version } }
  }
}

function stateOf({ config, pending }: OneFunction): Fields {
  const isNew = pending > 0
  return {
    ...config,
    State: isNew ? 'Pending' : 'Active',
    LastUpdateStatus: isNew ? 'InProgress' : 'Successful',
  }
}

function filesOf(zip: unknown): Readonly<Record<string, string>> {
  return unzipped(Buffer.from(String(zip), 'base64'))
}
