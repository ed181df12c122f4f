/** Stands in for Google Cloud: tokens for a service account, functions with operations, uploads, and logs. */

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { exportPKCS8, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import type { Json } from '../../base/json-rpc.ts'
import { decodeCloudEvents } from '../../stream/cloud-event-http.ts'
import { bodyOf, functionAnswer } from './function-server.ts'
import { unzipped } from './zip-reader.ts'

type Fields = Record<string, unknown>

interface Answer {
  readonly status?: number
  readonly body?: unknown
}

const failure = (status: number, message: string): Answer => ({
  status,
  body: { error: { message } },
})
const email = 'flows@project.iam.gserviceaccount.com'
const keys = await generateKeyPair('RS256', { extractable: true })
const google = await generateKeyPair('RS256')

/** The cloud; what it was asked stands in `seen`. */
export class GoogleServer {
  origin = ''
  readonly seen: string[] = []
  readonly functions = new Map<string, Fields>()
  readonly files = new Map<string, Readonly<Record<string, string>>>()
  readonly #operations = new Map<string, number>()
  readonly slowBegins = Promise.withResolvers<void>()
  /** How an operation ends. */
  operationError: string | undefined
  tokenSeconds = 3_600
  readonly #uploads = new Map<string, Buffer>()

  /** The key file of the account. */
  async keyFile(): Promise<string> {
    return JSON.stringify({
      ...{ type: 'service_account', client_email: email, private_key_id: 'key-1' },
      ...{ private_key: await exportPKCS8(keys.privateKey), token_uri: `${this.origin}/token` },
    })
  }

  server(): Server {
    return createServer(async (request, response) => {
      const body = await bodyOf(request)
      const url = new URL(request.url ?? '', this.origin)
      this.seen.push(`${request.method} ${url.pathname}`)
      const answer = await this.#answer(request, url, body).catch((error) =>
        failure(401, String(error)),
      )
      if (answer === undefined) return
      const { status = 200, body: given = {} } = answer
      const text = typeof given === 'string' ? given : JSON.stringify(given)
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    })
  }

  async #answer(request: IncomingMessage, url: URL, body: Buffer): Promise<Answer | undefined> {
    const { pathname: path } = url
    if (path === '/token') return this.#token(body)
    if (path.startsWith('/computeMetadata/')) return this.#metadata(request, url)
    if (path.startsWith('/run/')) return this.#run(request, path.slice('/run/'.length), body)
    if (path.startsWith('/upload/')) {
      assert.equal(request.headers['content-type'], 'application/zip')
      this.#uploads.set(path.slice('/upload/'.length), body)
      return {}
    }
    if (request.headers.authorization !== 'Bearer access-token') return failure(401, 'who asks?')
    if (path === '/v2/entries:list') return this.#logs(JSON.parse(body.toString('utf8')) as Fields)
    if (path.startsWith('/v2/operations/')) return this.#operation(path.slice('/v2/'.length))
    return this.#manage(request.method ?? '', url, body)
  }

  /** RFC 7523: the statement has to be the account's own, for this place, and of now. */
  async #token(body: Buffer): Promise<Answer> {
    const form = new URLSearchParams(body.toString('utf8'))
    assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    const { payload, protectedHeader } = await jwtVerify(
      form.get('assertion') ?? '',
      keys.publicKey,
      {
        ...{ issuer: email, subject: email, audience: `${this.origin}/token` },
        ...{ algorithms: ['RS256'], maxTokenAge: 60 },
      },
    )
    assert.deepEqual([protectedHeader.kid, protectedHeader.typ], ['key-1', 'JWT'])
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 3_600)
    const { target_audience: audience, scope } = payload
    if (typeof audience === 'string') return { body: { id_token: await this.#idToken(audience) } }
    assert.equal(scope, 'https://www.googleapis.com/auth/cloud-platform')
    return { body: { access_token: 'access-token', expires_in: this.tokenSeconds } }
  }

  async #metadata(request: IncomingMessage, url: URL): Promise<Answer> {
    if (request.headers['metadata-flavor'] !== 'Google') return failure(403, 'no flavor')
    if (url.pathname.endsWith('/token')) {
      return { body: { access_token: 'access-token', expires_in: this.tokenSeconds } }
    }
    return { body: await this.#idToken(url.searchParams.get('audience') ?? '') }
  }

  #idToken(audience: string): Promise<string> {
    return new SignJWT({ email })
      .setProtectedHeader({ alg: 'RS256' })
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${this.tokenSeconds}s`)
      .sign(google.privateKey)
  }

  /** A function runs only for a token that Google has signed for its very address. */
  async #run(request: IncomingMessage, name: string, body: Buffer): Promise<Answer | undefined> {
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    await jwtVerify(token, google.publicKey, { audience: `${this.origin}/run/${name}` })
    const [event] = decodeCloudEvents({ headers: request.headers as Record<string, string>, body })
    assert.ok(event)
    assert.equal(request.headers['idempotency-key'], event.id)
    if (name === 'slow') {
      this.slowBegins.resolve()
      return undefined
    }
    const { status, text } = functionAnswer(name, event)
    return { status, body: text }
  }

  #manage(method: string, url: URL, body: Buffer): Answer {
    const parent = '/v2/projects/project/locations/europe-west3/functions'
    const rest = url.pathname.slice(parent.length)
    assert.ok(url.pathname.startsWith(parent), url.pathname)
    const given = () => JSON.parse(body.toString('utf8')) as Fields
    if (rest === ':generateUploadUrl') {
      const object = `object-${this.#uploads.size + 1}`
      return { body: { uploadUrl: `${this.origin}/upload/${object}`, storageSource: { object } } }
    }
    if (rest === '' && method === 'GET') return this.#list(url)
    if (rest === '') return this.#put(url.searchParams.get('functionId') ?? '', given())
    const name = decodeURIComponent(rest.slice(1))
    const found = this.functions.get(name)
    if (found === undefined) return failure(404, `there is no ${name}`)
    if (method === 'GET') return { body: found }
    if (method === 'DELETE') {
      this.functions.delete(name)
      return this.#begun()
    }
    assert.match(url.searchParams.get('updateMask') ?? '', /^buildConfig,serviceConfig\./)
    return this.#put(name, given())
  }

  #put(name: string, given: Fields): Answer {
    const { buildConfig, serviceConfig } = given as {
      readonly buildConfig: { readonly source: { readonly storageSource: { object: string } } }
      readonly serviceConfig: Fields
    }
    const archive = this.#uploads.get(buildConfig.source.storageSource.object)
    if (archive === undefined) return failure(400, 'there is no such object')
    this.files.set(name, unzipped(archive))
    this.add(name, { buildConfig, ...{ given: serviceConfig } })
    return this.#begun()
  }

  /** A function that is there already. */
  add(name: string, more: Fields = {}): void {
    const old = this.functions.get(name)?.serviceConfig as { revision: string } | undefined
    const number = Number(old?.revision.split('-').at(-1) ?? 0) + 1
    this.functions.set(name, {
      name: `projects/project/locations/europe-west3/functions/${name}`,
      ...{ state: 'ACTIVE', updateTime: '2026-01-02T03:04:05Z' },
      ...more,
      serviceConfig: { uri: `${this.origin}/run/${name}`, revision: `${name}-${number}` },
    })
  }

  /** Three a page. */
  #list(url: URL): Answer {
    const from = Number(url.searchParams.get('pageToken') ?? 0)
    const all = [...this.functions.values()]
    const next = from + 3 < all.length ? { nextPageToken: String(from + 3) } : {}
    return { body: { functions: all.slice(from, from + 3), ...next } }
  }

  #begun(): Answer {
    const name = `operations/${this.#operations.size + 1}`
    this.#operations.set(name, 2)
    return { body: { name } }
  }

  /** Done at the third look. */
  #operation(name: string): Answer {
    const left = this.#operations.get(name)
    assert.ok(left !== undefined)
    this.#operations.set(name, left - 1)
    if (left > 0) return { body: { name } }
    const error = this.operationError && { error: { message: this.operationError } }
    return { body: { name, done: true, ...error } }
  }

  #logs({ resourceNames, filter, pageSize }: Fields): Answer {
    assert.deepEqual(resourceNames, ['projects/project'])
    assert.match(String(filter), /cloud_run_revision.*service_name="kyc"/)
    const entries: Json[] = [
      { timestamp: '2026-01-02T03:04:06Z', severity: 'ERROR', jsonPayload: { message: 'bad' } },
      { timestamp: '2026-01-02T03:04:05Z', textPayload: 'said' },
    ]
    return { body: { entries: entries.slice(0, Number(pageSize)) } }
  }
}
