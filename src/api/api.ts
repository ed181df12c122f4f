/** Serves the REST interface, the streams and the console. */

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { assertLoopback, type LocalGuardOptions, localRefusal } from '../base/local-guard.ts'
import { silentLogger } from '../base/logger.ts'
import { chainOf } from './api-chains.ts'
import type { ApiDependencies, ApiOptions } from './api-dependencies.ts'
import { ChainStreams } from './data/chain-streams.ts'
import { addClassicRoutes } from './data/classic-routes.ts'
import { addDataRoutes } from './data/data-routes.ts'
import { addExportRoute } from './data/export-routes.ts'
import { addWholeChainRoutes } from './data/whole-chain-routes.ts'
import { listen, portOf } from './listening.ts'
import { BlockWatch } from './live/block-watch.ts'
import { EventStreams } from './live/event-stream.ts'
import { addLiveRoutes } from './live/live-routes.ts'
import { loadConsole } from './routes/console-files.ts'
import { failure, notFound } from './routes/failures.ts'
import { describeOtherRoutes } from './routes/other-routes.ts'
import { addResourceRoutes } from './routes/resource-routes.ts'

/** A REST server. */
export interface Api {
  /** Where it listens; absent before `start`. */
  readonly url: string | undefined
  /** @throws AppError `base/public-address`, `api/port-in-use`, `api/cannot-listen` */
  start(): Promise<void>
  /** Ends all streams and resolves when no request runs any more. */
  stop(): Promise<void>
}

/** Largest body of a request, in bytes. */
const maxBodyBytes = 5 * 1024 * 1024
const defaultMaxStreams = 200
const defaultMaxChainStreams = 16

/** The interface over the other rooms. */
export function createApi(options: ApiOptions, from: ApiDependencies): Api {
  const streams = new EventStreams(options.maxStreams ?? defaultMaxStreams)
  const chainStreams = new ChainStreams(
    { most: options.maxChainStreams ?? defaultMaxChainStreams },
    from.logger,
  )
  const blocks = new BlockWatch(from.chains)
  let server: Server | undefined
  let url: string | undefined
  return {
    get url() {
      return url
    },
    async start() {
      assertLoopback(options.host)
      const port = () => portOf(server)
      const app = application(options, from, port)
      if (!options.healthOnly) {
        addWholeChainRoutes(app, from, chainStreams)
        addExportRoute(app, from, chainStreams)
        if (options.classicRoutes) addClassicRoutes(app, from)
        addLiveRoutes(app, from, { streams, blocks })
        addConsole(app, await loadConsole(options.uiFolder))
      }
      server = createServer(getRequestListener(app.fetch))
      server.requestTimeout = 30_000
      const { host, port: wanted } = options
      const place = { host, port: wanted, of: 'the API', flag: '--api-port' }
      url = `http://${await listen(server, place)}`
    },
    async stop() {
      streams.closeAll()
      chainStreams.closeAll()
      blocks.stop()
      if (server === undefined) return
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const late = setTimeout(() => server?.closeAllConnections(), 2_000)
      await closed
      clearTimeout(late)
    },
  }
}

/** The OpenAPI document of the interface; needs nothing that runs. */
export function apiDocument(): object {
  const app = documented()
  const nothing = {
    ...{ clock: { nowMs: () => 0 }, chains: [], notifications: {} },
  } as unknown as ApiDependencies
  const options = { version: '', dev: false } as ApiOptions
  addResourceRoutes(app, options, nothing)
  addDataRoutes(app, nothing)
  const streams = new ChainStreams({ most: 0 }, silentLogger)
  addWholeChainRoutes(app, nothing, streams)
  addExportRoute(app, nothing, streams)
  describeOtherRoutes(app)
  return describe(app)
}

type Files = Awaited<ReturnType<typeof loadConsole>>

function application(options: ApiOptions, from: ApiDependencies, port: () => number): OpenAPIHono {
  const app = documented()
  app.onError((error, context) => failure(context, error, from.logger))
  app.use(async (context, next) => {
    const header = (name: string) => context.req.header(name)
    const refusal = localRefusal(
      {
        ...{ method: context.req.method, host: header('host') },
        ...{ origin: header('origin'), contentType: header('content-type') },
      },
      { port: port(), ...bodiesOf(context.req.path) },
    )
    if (refusal === undefined) {
      await next()
      const { headers } = context.res
      if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
      headers.set('x-content-type-options', 'nosniff')
      return undefined
    }
    const { status, code, message } = refusal
    return context.json({ error: { code, message, data: {} } }, status)
  })
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: (context) => tooLarge(context.req.path) }))
  addHealthRoutes(app, from)
  if (options.healthOnly) {
    app.all('*', (context) => {
      const message = `${context.req.path} is not answered by this process: its --role has no api`
      return context.json({ error: { code: 'api/not-found', message, data: {} } }, 404)
    })
    return app
  }
  addResourceRoutes(app, options, from)
  addDataRoutes(app, from)
  app.post('/v1/rpc/:chain', async (context) => {
    const chain = await chainOf(from, context.req.param('chain'))
    const answer = await chain.answer(await context.req.text())
    if (answer === undefined) return context.body(null, 204)
    return context.body(answer, 200, { 'content-type': 'application/json' })
  })
  app.get('/openapi.json', (context) => context.json(apiDocument()))
  return app
}

/** Whether the process lives and is ready, and its measures: of every process. */
function addHealthRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', async (context) => {
    const checks = await from.checks()
    const ready = checks.every(({ ok }) => ok)
    return context.json({ ready, checks }, ready ? 200 : 503)
  })
  app.get('/metrics', async (context) =>
    context.body(await from.metricsText(), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    }),
  )
}

/** Data and events may be of nearly any type; a leap needs no body. */
function bodiesOf(path: string): Pick<LocalGuardOptions, 'bodyTypes'> {
  if (path === '/v1/events') return { bodyTypes: 'no-form' }
  const route = path.replace(/^\/v1\/chains\/[^/]+/, '')
  if (route === '/inject' || route === '/inject/draft') return { bodyTypes: 'no-form' }
  return route === '/leap' ? { bodyTypes: ['application/json', ''] } : {}
}

/** Methods of the routes at a path, without those that take any. */
function methodsAt({ routes }: OpenAPIHono, path: string): readonly string[] {
  const found = routes
    .filter(({ method, path: form }) => method !== 'ALL' && !form.includes('*'))
    .filter(({ path: form }) => new RegExp(`^${form.replace(/:\w+/g, '[^/]+')}$`).test(path))
    .map(({ method }) => method)
  return [
    ...new Set(found.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))),
  ].sort()
}

function addConsole(app: OpenAPIHono, files: Files): void {
  app.all('*', (context, next) => {
    const { method, path } = context.req
    const own = methodsAt(app, path)
    const allowed = own.length > 0 ? own : ['GET', 'HEAD']
    if (allowed.includes(method)) return next()
    const message = `${path} takes ${allowed.join(' and ')}, not ${method}`
    const allow = allowed.join(', ')
    const error = { code: 'api/method-not-allowed', message, data: {} }
    return context.json({ error }, 405, { allow })
  })
  app.get('/v1/*', (context) => {
    throw notFound(`${context.req.path}; /openapi.json lists what there is`)
  })
  app.get('*', (context) => {
    const file = files(context.req.path)
    if (file === undefined) throw notFound(`page ${context.req.path}`)
    return context.body(file.body, 200, { ...file.headers })
  })
}

function documented(): OpenAPIHono {
  return new OpenAPIHono({
    defaultHook: (result, context) => {
      if (result.success) return undefined
      const issues = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
      const error = { code: 'api/bad-request', message: issues.join('; '), data: {} }
      return context.json({ error }, 400)
    },
  })
}

function describe(app: OpenAPIHono): object {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'QuantumStream',
      version: '1',
      description: 'Chains, events and workflows of one node.',
    },
    servers: [{ url: 'http://127.0.0.1:4000', description: 'A node with the default port' }],
  })
}

function tooLarge(path: string): Response {
  const message = `the body for ${path} is over ${maxBodyBytes} bytes`
  return Response.json(
    { error: { code: 'api/body-too-large', message, data: {} } },
    { status: 413 },
  )
}
