/** Stands in for Azure: tokens, the resource manager, the deployment engine, a function app and its logs. */

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { decodeCloudEvents } from '../../stream/cloud-event-http.ts'
import { bodyOf, functionAnswer } from './function-server.ts'
import { unzipped } from './zip-reader.ts'

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const refused = (status: number, body: unknown = ''): Answer => ({ status, body })
const site = '/subscriptions/sub/resourceGroups/group/providers/Microsoft.Web/sites/app/'
const secret = 'client~secret'

/** The cloud with one app; what it was asked stands in `seen`. */
export class AzureServer {
  origin = ''
  readonly seen: string[] = []
  readonly functions = new Map<string, string>()
  readonly deployments: { id: string; files: Readonly<Record<string, string>>; looks: number }[] =
    []
  active = ''
  /** Text of a deployment that fails. */
  failure: string | undefined
  readonly slowBegins = Promise.withResolvers<void>()
  /** Looks until the functions of a deployment are listed. */
  hostLooks = 0

  server(): Server {
    return createServer(async (request, response) => {
      const body = await bodyOf(request)
      const url = new URL(request.url ?? '', this.origin)
      this.seen.push(`${request.method} ${url.pathname}`)
      const answer = this.#answer(request, url, body)
      if (answer === undefined) return
      const { status = 200, headers = {}, body: given = '' } = answer
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(typeof given === 'string' ? given : JSON.stringify(given))
    })
  }

  /** A function that is there already. */
  add(name: string): void {
    this.functions.set(name, `key-of-${name}`)
  }

  #answer(request: IncomingMessage, url: URL, body: Buffer): Answer | undefined {
    const { pathname: path } = url
    if (path === '/tenant/oauth2/v2.0/token') return token(body)
    if (path.startsWith('/app/api/'))
      return this.#run(request, path.slice('/app/api/'.length), body)
    const [, scope] = /^Bearer token for (.+)$/.exec(request.headers.authorization ?? '') ?? []
    if (path === '/v1/apps/insights/query') {
      if (scope !== 'https://api.applicationinsights.io/.default') return refused(403)
      return logs(JSON.parse(body.toString('utf8')) as { query: string })
    }
    if (scope !== 'https://management.azure.com/.default') return refused(401)
    if (path.startsWith(site)) {
      if (url.searchParams.get('api-version') !== '2024-04-01') return refused(400, 'no version')
      return this.#manage(request.method ?? '', path.slice(site.length), url)
    }
    assert.ok(path.startsWith('/scm/api/'), path)
    return this.#deploy(request, path.slice('/scm/api/'.length), body)
  }

  #run(request: IncomingMessage, name: string, body: Buffer): Answer | undefined {
    const key = this.functions.get(name)
    const given = request.headers['x-functions-key']
    if (key === undefined) return refused(404)
    if (given !== key && given !== 'host-key') return refused(401)
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

  #manage(method: string, path: string, url: URL): Answer {
    if (path === 'syncfunctiontriggers' && method === 'POST') return { status: 204 }
    const [root, name = '', what] = path.split('/')
    assert.equal(root, 'functions')
    if (name === '') return this.#list(url)
    const key = this.functions.get(name)
    if (key === undefined) return refused(404, { error: { code: 'NotFound' } })
    if (what === 'listkeys') return method === 'POST' ? { body: { default: key } } : refused(405)
    if (method === 'DELETE') {
      this.functions.delete(name)
      return { status: 204 }
    }
    return { body: view(name) }
  }

  /** Four a page. */
  #list(url: URL): Answer {
    const from = Number(url.searchParams.get('$skipToken') ?? 0)
    const all = this.hostLooks > 0 ? [] : [...this.functions.keys()]
    this.hostLooks -= 1
    const next = `${this.origin}${site}functions?api-version=2024-04-01&$skipToken=${from + 4}`
    const value = all.slice(from, from + 4).map(view)
    return { body: { value, nextLink: from + 4 < all.length ? next : null } }
  }

  #deploy(request: IncomingMessage, path: string, body: Buffer): Answer {
    if (path === 'zipdeploy') {
      if (request.headers['content-type'] !== 'application/zip') return refused(415)
      const id = `deployment-${this.deployments.length + 1}`
      const files = unzipped(body)
      this.deployments.push({ id, files, looks: 2 })
      const names = Object.keys(files).filter((file) => file.endsWith('/function.json'))
      for (const file of names) this.add(file.split('/')[0] ?? '')
      return { status: 202, headers: { location: `${this.origin}/scm/api/deployments/latest` } }
    }
    const all = this.deployments.map(({ id }) => ({
      ...{ id, status: 4, active: id === this.active, end_time: '2026-01-02T03:04:05Z' },
    }))
    if (path === 'deployments') return { body: all.reverse() }
    const id = path.slice('deployments/'.length)
    const found =
      id === 'latest' ? this.deployments.at(-1) : this.deployments.find((one) => one.id === id)
    if (found === undefined) return refused(404)
    if (request.method === 'PUT') found.looks = 2
    else found.looks -= 1
    if (found.looks > 0) return { body: { id: found.id, status: 1 } }
    if (this.failure !== undefined) return { body: { status: 3, status_text: this.failure } }
    this.active = found.id
    return { body: { id: found.id, status: 4 } }
  }
}

function token(body: Buffer): Answer {
  const form = Object.fromEntries(new URLSearchParams(body.toString('utf8')))
  const { grant_type: type, client_id: id, client_secret: given, scope } = form
  if (type !== 'client_credentials' || id !== 'client' || given !== secret) return refused(401)
  return { body: { access_token: `token for ${scope}`, expires_in: 3_600, token_type: 'Bearer' } }
}

function view(name: string) {
  return { name: `app/${name}`, properties: { name, language: 'node', isDisabled: false } }
}

function logs({ query }: { readonly query: string }): Answer {
  assert.match(query, /^traces \| where operation_Name == 'kyc' \| top 10 by timestamp desc/)
  const columns = ['timestamp', 'severityLevel', 'message'].map((name) => ({ name }))
  const rows = [
    ['2026-01-02T03:04:06Z', 3, 'bad'],
    ['2026-01-02T03:04:05Z', 1, 'said'],
  ]
  return { body: { tables: [{ name: 'PrimaryResult', columns, rows }] } }
}
