/** Serves a chain as a whole: its blocks as JSON and in RLP, how far it is, its peers, and a block on demand. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError } from '../../base/app-error.ts'
import { chainOf } from '../api-chains.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { ask } from '../routes/failures.ts'
import { operationOf, posting, reading } from '../routes/route.ts'
import { BlockDetailShape, errors, pageOf, pageQuery } from '../routes/shapes.ts'
import { blockView } from '../routes/views.ts'
import { type BlockRange, jsonLines, jsonPage, rawBlocks } from './chain-pieces.ts'
import { type ChainStreams, readerOf } from './chain-streams.ts'
import {
  type Peers,
  PeersShape,
  type Quantity,
  type RpcStats,
  StatsShape,
  statsView,
} from './data-shapes.ts'

export const chainParam = z.object({ chain: z.string().max(64) })

const wholeNumber = z.coerce.string().regex(/^\d{1,15}$/, 'expected the number of a block')
const rangeQuery = {
  from: wholeNumber.optional().openapi({ description: 'First block; 0 unless said' }),
  to: wholeNumber.optional().openapi({ description: 'Last block; the head unless said' }),
}
const lines = 'application/x-ndjson'

/** Adds the routes; `streams` bounds those that send whole chains. */
export function addWholeChainRoutes(
  app: OpenAPIHono,
  from: ApiDependencies,
  streams: ChainStreams,
): void {
  addSmallRoutes(app, from)
  const jsonChain = reading('/v1/chains/{chain}/json-chain', {
    summary: `Blocks with their transactions, oldest first; all of them as lines with \`Accept: ${lines}\``,
    answer: pageOf(z.any()),
    request: { params: chainParam, query: z.object({ ...pageQuery, ...rangeQuery }) },
  })
  app.openapi(jsonChain, async (context) => {
    const { limit, cursor, ...query } = context.req.valid('query')
    const chain = await chainOf(from, context.req.valid('param').chain)
    context.header('vary', 'accept')
    if (context.req.header('accept')?.includes(lines)) {
      const headers = { 'content-type': lines, vary: 'accept' }
      const pieces = () => jsonLines(chain, rangeOf(query))
      // The document has the pages; a stream is of no shape.
      return (await streams.open(readerOf(context), { headers, pieces })) as never
    }
    const range = rangeOf({ ...query, from: cursor ?? query.from })
    const { items, next } = await jsonPage(chain, range, limit)
    return context.json({ items: [...items], next }, 200)
  })
  app.get('/v1/chains/:chain/chain', async (context) => {
    const chain = await chainOf(from, context.req.param('chain'))
    const range = rangeOf(context.req.query())
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${chain.name}.rlp"`,
    }
    return streams.open(readerOf(context), { headers, pieces: () => rawBlocks(chain, range) })
  })
  app.openAPIRegistry.registerPath({
    ...{ method: 'get', path: '/v1/chains/{chain}/chain' },
    operationId: operationOf('get', '/v1/chains/{chain}/chain'),
    summary: 'Blocks in RLP, one after the other, as clients of Ethereum export and import them',
    request: { params: chainParam, query: z.object(rangeQuery) },
    responses: {
      200: {
        description: 'The blocks; a connection that is cut means that there are more',
        content: {
          'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) },
        },
      },
      ...errors,
    },
  })
}

function addSmallRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const request = { params: chainParam }
  const stats = reading('/v1/chains/{chain}/stats', {
    ...{ summary: 'How far a chain is, comparably', answer: StatsShape, request },
  })
  app.openapi(stats, async (context) => {
    const chain = await chainOf(from, context.req.valid('param').chain)
    return context.json(statsView(await ask<RpcStats>(chain, 'qs_stats')), 200)
  })

  const leap = posting('/v1/chains/{chain}/leap', {
    summary: 'Makes a block now, where the engine lets somebody ask for one (else 409)',
    ...{ answer: BlockDetailShape, request },
  })
  app.openapi(leap, async (context) => {
    const chain = await chainOf(from, context.req.valid('param').chain)
    const { hash } = await ask<{ readonly hash: Quantity }>(chain, 'qs_leap')
    const block = await blockView(chain, hash)
    if (block !== undefined) return context.json(block, 200)
    const message = `the block ${hash} left the chain "${chain.name}" as soon as it was made`
    throw new AppError({ code: 'api/refused', message })
  })

  const discover = reading('/v1/chains/{chain}/discover', {
    ...{
      summary: 'Peers that hold the chain, as far as they are known',
      answer: PeersShape,
      request,
    },
  })
  app.openapi(discover, async (context) => {
    const chain = await chainOf(from, context.req.valid('param').chain)
    return context.json({ peers: await ask<Peers>(chain, 'qs_discover') }, 200)
  })

  const peers = z.object({ peers: z.array(z.string().max(256)).max(64) })
  const join = posting('/v1/chains/{chain}/discover', {
    summary: 'Names peers, and gives those that are known; 409 while a node has no network',
    answer: PeersShape,
    request: {
      ...request,
      body: { required: true, content: { 'application/json': { schema: peers } } },
    },
  })
  app.openapi(join, async (context) => {
    const chain = await chainOf(from, context.req.valid('param').chain)
    const named = context.req.valid('json').peers
    return context.json({ peers: await ask<Peers>(chain, 'qs_discover', [named]) }, 200)
  })
}

/** @throws AppError `api/bad-request` */
function rangeOf(query: {
  readonly from?: string | undefined
  readonly to?: string | undefined
}): BlockRange {
  const [from, to] = [query.from, query.to].map((one) => {
    if (one === undefined || /^\d{1,15}$/.test(one)) return one === undefined ? one : Number(one)
    throw badRange(`"${one.slice(0, 40)}" is no number of a block`)
  })
  if (to !== undefined && to < (from ?? 0)) throw badRange(`block ${to} comes before block ${from}`)
  return { from: from ?? 0, to }
}

function badRange(message: string): AppError {
  return new AppError({ code: 'api/bad-request', message })
}
