/** Shows the chains of the node, and makes, starts, stops and removes them. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { askManaged, type ChainStatus, chainView, chainViews, namedView } from '../api-chains.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { reading } from './route.ts'
import * as shapes from './shapes.ts'

const params = z.object({ chain: z.string().max(64) })
const birth = {
  start: z.boolean().optional().openapi({ description: 'False leaves the chain stopped' }),
  settings: z
    .record(z.string(), z.unknown())
    .optional()
    .openapi({ description: 'Settings of the process by name that this chain does not share' }),
}
const object = z.record(z.string(), z.unknown())

/** What is to be born. */
const bangBody = z.object({
  manifest: object.openapi({ description: 'Everything that is fixed at the birth of the chain' }),
  ...birth,
})

/** What is to be forked. */
const forkBody = z.object({
  name: z.string().max(64),
  chainId: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  number: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .openapi({ description: 'Block to fork at; the head unless given' }),
  consensus: object
    .optional()
    .openapi({ description: 'As in a manifest; that of the parent unless given' }),
  ...birth,
})

/** Adds the routes. */
export function addChainRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  addChainReadings(app, from)
  addBirths(app, from)
  for (const [what, method, summary] of [
    ['start', 'qs_startChain', 'Starts a chain, now and with the process'],
    ['stop', 'qs_stopChain', 'Stops a chain until it is started by name'],
  ] as const) {
    const route = createRoute({
      ...{ method: 'post', path: `/v1/chains/{chain}/${what}`, summary, request: { params } },
      operationId: `${what}Chain`,
      responses: { 200: shapes.jsonAnswer('The chain', shapes.ChainShape), ...shapes.errors },
    })
    app.openapi(route, async (context) => {
      const { chain } = context.req.valid('param')
      return context.json(chainView(from, await askManaged(from, method, [chain])), 200)
    })
  }
  const removing = createRoute({
    ...{ method: 'delete', path: '/v1/chains/{chain}', request: { params } },
    ...{ operationId: 'removeChain', summary: 'Removes a stopped chain with all its data' },
    responses: { 204: { description: 'The chain is gone' }, ...shapes.errors },
  })
  app.openapi(removing, async (context) => {
    await askManaged(from, 'qs_removeChain', [context.req.valid('param').chain])
    return context.body(null, 204)
  })
}

function addChainReadings(app: OpenAPIHono, from: ApiDependencies): void {
  const chains = reading('/v1/chains', {
    summary: 'The chains this node works on',
    answer: shapes.pageOf(shapes.ChainShape),
    request: {},
  })
  app.openapi(chains, async (context) =>
    context.json({ items: await chainViews(from), next: null }, 200),
  )
  const one = reading('/v1/chains/{chain}', {
    summary: 'One chain, by name',
    answer: shapes.ChainShape,
    request: { params },
  })
  app.openapi(one, async (context) =>
    context.json(await namedView(from, context.req.valid('param').chain), 200),
  )
}

function addBirths(app: OpenAPIHono, from: ApiDependencies): void {
  const born = {
    201: shapes.jsonAnswer('The chain', shapes.ChainShape),
    ...shapes.errors,
  }
  const banging = createRoute({
    ...{ method: 'post', path: '/v1/chains', operationId: 'bangChain' },
    summary: 'Gives birth to a chain by its manifest',
    request: { body: { ...shapes.jsonAnswer('Its birth', bangBody), required: true } },
    responses: born,
  })
  app.openapi(banging, async (context) => {
    const { manifest, ...options } = context.req.valid('json')
    const status = await askManaged<ChainStatus>(from, 'qs_bang', jsonOf([manifest, options]))
    return context.json(chainView(from, status), 201)
  })
  const forking = createRoute({
    ...{ method: 'post', path: '/v1/chains/{chain}/fork', operationId: 'forkChain' },
    summary: 'Gives birth to a chain with the state after a block of this one',
    request: {
      params,
      body: { ...shapes.jsonAnswer('What the fork is to be', forkBody), required: true },
    },
    responses: born,
  })
  app.openapi(forking, async (context) => {
    const { chain } = context.req.valid('param')
    const { start, settings, ...wish } = context.req.valid('json')
    const asked = jsonOf([chain, wish, { start, settings }])
    return context.json(chainView(from, await askManaged<ChainStatus>(from, 'qs_fork', asked)), 201)
  })
}

/** The same without fields that are absent. */
function jsonOf(value: readonly unknown[]): Parameters<typeof askManaged>[2] {
  return JSON.parse(JSON.stringify(value))
}
