/** Plays the public services that scenarios call, on a loopback address, and gives the calls that reach them there. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from '../../../src/base/json-rpc.ts'
import { createGuardedHttp } from '../../../src/workflow/guarded-http.ts'
import type { FunctionTable } from '../../../src/workflow/language/compiler.ts'
import { outsideCalls } from '../../../src/workflow/outside-calls.ts'

/** Services that run. */
export interface Services {
  readonly functions: FunctionTable
  stop(): Promise<void>
}

const pets = [
  { id: 1, name: 'Milou', status: 'available' },
  { id: 2, name: 'Idefix', status: 'sold' },
]

/** Starts the pet store and the echo service; every public address leads to them. */
export async function startServices(): Promise<Services> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const http = createGuardedHttp({ allowHosts: ['127.0.0.1/32'] })
  const redirected: typeof http = {
    ...http,
    request: (request) => http.request({ ...request, url: here(request.url, origin) }),
  }
  const calls = outsideCalls({ http: redirected })
  return {
    functions: calls.functions,
    async stop() {
      await calls.stop()
      await http.stop()
      server.closeAllConnections()
      server.close()
    },
  }
}

function here(url: string | URL, origin: string): string {
  const { pathname, search } = new URL(url)
  return `${origin}${pathname}${search}`
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [status, body] = answerTo(new URL(request.url ?? '/', 'http://host'), request)
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function answerTo({ pathname, searchParams }: URL, { headers }: IncomingMessage): [number, Json] {
  if (pathname === '/v2/swagger.json') return [200, swagger]
  if (pathname === '/v2/pet/findByStatus') {
    const status = searchParams.get('status')
    return [200, pets.filter((pet) => pet.status === status)]
  }
  const basic = /^\/basic-auth\/([^/]+)\/([^/]+)$/.exec(pathname)
  if (basic !== null) {
    const wanted = `Basic ${Buffer.from(`${basic[1]}:${basic[2]}`).toString('base64')}`
    const authenticated = headers.authorization === wanted
    return [authenticated ? 200 : 401, { authenticated }]
  }
  const pet = pets.find(({ id }) => pathname === `/v2/pet/${id}`)
  return pet === undefined ? [404, { message: 'not found' }] : [200, pet]
}

/** Swagger 2.0, as the real store describes itself. */
const swagger: Json = {
  swagger: '2.0',
  info: { title: 'Pet store', version: '1' },
  ...{ host: 'petstore.swagger.io', basePath: '/v2', schemes: ['https'] },
  paths: {
    '/pet/findByStatus': {
      get: {
        operationId: 'findPetsByStatus',
        produces: ['application/json'],
        parameters: [
          {
            name: 'status',
            in: 'query',
            required: true,
            type: 'array',
            items: { type: 'string' },
            collectionFormat: 'multi',
          },
        ],
        responses: { '200': { description: 'found' } },
      },
    },
    '/pet/{petId}': {
      get: {
        operationId: 'getPetById',
        produces: ['application/json'],
        parameters: [
          { name: 'petId', in: 'path', required: true, type: 'integer', format: 'int64' },
        ],
        responses: { '200': { description: 'found' } },
      },
    },
  },
}
