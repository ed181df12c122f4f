/** Serves data in transactions, and transactions that others sign. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { AppError } from '../../base/app-error.ts'
import { chainOf } from '../api-chains.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { ask, notFound } from '../routes/failures.ts'
import { operationOf, posting, reading } from '../routes/route.ts'
import { errors, jsonAnswer, pageOf, pageQuery } from '../routes/shapes.ts'
import {
  DraftShape,
  InjectedDetailShape,
  InjectedShape,
  InjectionShape,
  InjectRulesShape,
  injectedDetailView,
  injectedView,
  type Quantity,
  type RpcInjected,
  type RpcInjectedDetail,
  SentShape,
  SignedTransferShape,
  TransferShape,
} from './data-shapes.ts'
import { chainParam } from './whole-chain-routes.ts'

/** Adds the routes. */
export function addDataRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  addInjection(app, from)
  addReading(app, from)
  addTransfers(app, from)
}

function addInjection(app: OpenAPIHono, from: ApiDependencies): void {
  app.post('/v1/chains/:chain/inject', async (context) => {
    const chain = await chainOf(from, context.req.param('chain'))
    const { sender, signature } = context.req.query()
    if ((sender === undefined) !== (signature === undefined)) {
      const message = 'sender and signature come together, or neither'
      throw new AppError({ code: 'api/bad-request', message })
    }
    const signed = sender === undefined ? [] : [{ sender, signature: signature ?? '' }]
    return context.json(await ask(chain, 'qs_inject', [await dataOf(context), ...signed]), 202)
  })
  app.post('/v1/chains/:chain/inject/draft', async (context) => {
    const chain = await chainOf(from, context.req.param('chain'))
    const { sender = '' } = context.req.query()
    return context.json(await ask(chain, 'qs_draftInject', [await dataOf(context), sender]))
  })
  const type = z.string().max(128).optional().openapi({
    description: 'Media type of the data, where it is another than that of the body',
  })
  const body = {
    content: {
      'application/json': { schema: z.any() },
      'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) },
    },
  }
  const hex = z.string().max(200)
  const describe = (path: string, options: { summary: string; query: object; answers: object }) =>
    app.openAPIRegistry.registerPath({
      ...{ method: 'post', path, summary: options.summary },
      operationId: operationOf('post', path),
      request: { params: chainParam, query: z.object({ type, ...options.query }), body },
      responses: { ...options.answers, ...errors },
    })
  describe('/v1/chains/{chain}/inject', {
    summary:
      'Puts the body into a transaction, which the node signs (403 if it has no key), or the sender did by a draft',
    query: { sender: hex.optional(), signature: hex.optional() },
    answers: { 202: jsonAnswer('It waits for a block', InjectionShape) },
  })
  describe('/v1/chains/{chain}/inject/draft', {
    summary: 'The transaction that a sender has to sign for the body to be injected',
    query: { sender: hex },
    answers: { 200: jsonAnswer('The draft', DraftShape) },
  })
}

/** The body as data. */
async function dataOf({ req }: Context): Promise<{ mediaType: string; content: Quantity }> {
  const mediaType = req.query('type') ?? req.header('content-type') ?? ''
  const content = Buffer.from(await req.arrayBuffer()).toString('hex')
  return { mediaType, content: `0x${content}` }
}

function addReading(app: OpenAPIHono, from: ApiDependencies): void {
  const rules = reading('/v1/chains/{chain}/inject/rules', {
    summary: 'What may be injected, and who signs for it',
    ...{ answer: InjectRulesShape, request: { params: chainParam } },
  })
  app.openapi(rules, async (context) => {
    const chain = await chainOf(from, context.req.valid('param').chain)
    const told = await ask<z.infer<typeof InjectRulesShape>>(chain, 'qs_injectRules')
    return context.json({ ...told, maxBytes: Number(told.maxBytes) }, 200)
  })

  const list = reading('/v1/chains/{chain}/inject', {
    summary: 'Injected data without their content, newest first; a page may be short',
    answer: pageOf(InjectedShape),
    request: { params: chainParam, query: z.object(pageQuery) },
  })
  app.openapi(list, async (context) => {
    const chain = await chainOf(from, context.req.valid('param').chain)
    const { limit, cursor: before } = context.req.valid('query')
    const query = before === undefined ? { limit } : { limit, before }
    const { items, next } = await ask<{ items: RpcInjected[]; next: string | null }>(
      ...([chain, 'qs_listInjected', [query]] as const),
    )
    return context.json({ items: items.map(injectedView), next }, 200)
  })

  const id = z
    .string()
    .regex(/^(\d{1,15}-\d{1,7}|0x[0-9a-fA-F]{64})$/, 'expected a hash, or an id such as 12-0')
  const one = reading('/v1/chains/{chain}/inject/{id}', {
    summary: 'Injected data with the proof of their transaction, by its hash or by id',
    answer: InjectedDetailShape,
    request: { params: chainParam.extend({ id }) },
  })
  app.openapi(one, async (context) => {
    const { chain: name, id: wanted } = context.req.valid('param')
    const chain = await chainOf(from, name)
    const found = await ask<RpcInjectedDetail | null>(chain, 'qs_injected', [wanted])
    if (found === null) throw notFound(`data ${wanted} in the chain "${chain.name}"`)
    return context.json(injectedDetailView(found), 200)
  })
}

function addTransfers(app: OpenAPIHono, from: ApiDependencies): void {
  const bodyOf = <S extends z.ZodType>(schema: S) => ({
    ...{ params: chainParam },
    body: { required: true, content: { 'application/json': { schema } } },
  })
  const draft = posting('/v1/chains/{chain}/transactions/draft', {
    summary: 'A transfer as a whole transaction, and the hash that its sender has to sign',
    ...{ answer: DraftShape, request: bodyOf(TransferShape) },
  })
  app.openapi(draft, async (context) => {
    const chain = await chainOf(from, context.req.valid('param').chain)
    const wish = transferOf(context.req.valid('json'))
    return context.json(await ask<Draft>(chain, 'qs_draftTransfer', [wish]), 200)
  })

  const send = posting('/v1/chains/{chain}/transactions/new', {
    summary: 'Takes the signature over a draft; 409 when the nonce has moved',
    ...{ answer: SentShape, request: bodyOf(SignedTransferShape) },
  })
  app.openapi(send, async (context) => {
    const chain = await chainOf(from, context.req.valid('param').chain)
    const { signature, ...transfer } = context.req.valid('json')
    const params = [transferOf(transfer), signature]
    return context.json(
      { transactionHash: await ask<string>(chain, 'qs_sendTransfer', params) },
      200,
    )
  })
}

type Draft = z.infer<typeof DraftShape>

function transferOf({ sender, recipient, amount }: z.infer<typeof TransferShape>) {
  return { sender, recipient, amount: `0x${BigInt(amount).toString(16)}` }
}
