/** Serves contracts by name, their calls, estimates, transactions and deployments, and the lanes of senders. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { NamedContract } from '../../workflow/contract-book.ts'
import { type ContractDesk, sendingId } from '../../workflow/contract-desk.ts'
import type { SentTransaction } from '../../workflow/sent-transaction.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { notFound } from './failures.ts'
import { bodyOf, operationOf, posting, reading } from './route.ts'
import { errors, jsonAnswer, pageOf, pageQuery } from './shapes.ts'
import { isoTime, pageView } from './views.ts'

const word = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'expected an address of 20 bytes as 0x text')
const nameParam = z.object({ name: z.string().max(64) })
const quantity = z.union([z.string().max(80), z.number().int()])
const json = z.any().openapi({ description: 'Any JSON' })

const ContractShape = z
  .object({
    ...{ name: z.string(), address: z.string(), fixed: z.boolean() },
    abi: z.array(z.unknown()),
  })
  .openapi('Contract')
const NewContractShape = z
  .object({ name: z.string().max(64), address: word, abi: z.array(z.any()).max(5_000) })
  .openapi('NewContract')
const CallShape = z
  .object({
    contract: z.string().max(64).openapi({ description: 'Name or address' }),
    function: z.string().max(2_000).openapi({ description: 'Name, or signature' }),
    args: z.array(z.any()).max(200).optional(),
    from: word.optional(),
    block: z.union([z.string().max(66), z.number().int()]).optional(),
  })
  .openapi('ContractCall')
const SendShape = CallShape.omit({ block: true })
  .extend({
    from: word
      .optional()
      .openapi({ description: 'Which of the keys sends; the first unless named' }),
    value: quantity.optional().openapi({ description: 'Wei' }),
    gas: quantity.optional(),
    confirmations: z.number().int().min(0).max(10_000).optional(),
  })
  .openapi('ContractSend')
const DeployShape = SendShape.omit({ contract: true, function: true })
  .extend({
    bytecode: z.string().max(100_000),
    signature: z.string().max(2_000).optional().openapi({
      description: 'Of the constructor, such as constructor(address owner)',
    }),
    abi: z.array(z.any()).max(5_000).optional(),
    name: z.string().max(64).optional().openapi({ description: 'Adds it under this name' }),
  })
  .openapi('ContractDeploy')
const SentShape = z
  .object({
    ...{ id: z.string(), chainId: z.number(), from: z.string(), to: z.string().nullable() },
    ...{ state: z.enum(['open', 'mined', 'final']), nonce: z.number(), value: z.string() },
    ...{ gas: z.string(), maxFeePerGas: z.string(), hash: z.string(), tries: z.number() },
    ...{ blockNumber: z.number().nullable(), succeeded: z.boolean().nullable() },
    ...{ gasUsed: z.string().nullable(), contractAddress: z.string().nullable() },
    ...{ problem: z.string().nullable(), at: z.string() },
  })
  .openapi('SentTransaction')
const ResultShape = z.object({ result: json }).openapi('ContractResult')
const SignShape = z
  .object({
    message: z
      .union([z.string(), z.object({ raw: z.string() })])
      .optional()
      .openapi({ description: 'Text, or {raw: 0x…} for bytes (EIP-191); or else typedData' }),
    typedData: z
      .object({
        types: z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() }))),
        primaryType: z.string(),
        domain: z.record(z.string(), z.any()).optional(),
        message: z.record(z.string(), z.any()),
      })
      .optional()
      .openapi({ description: 'Typed data (EIP-712) whose domain names this chain, or none' }),
    from: word
      .optional()
      .openapi({ description: 'Which of the keys signs; the first unless named' }),
  })
  .openapi('Signing')
const SignedShape = z
  .object({ address: z.string(), hash: z.string(), signature: z.string() })
  .openapi('SignedStatement')
const EstimateShape = z.object({ gas: z.string() }).openapi('GasEstimate')

/** How long a sending request waits for its block before it answers that it is under way. */
const longestWaitMs = 25_000

/** Adds the routes. */
export function addContractRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  addBook(app, from)
  addCalls(app, from)
  addSigning(app, from)
  addSending(app, from)
  addSent(app, from)
}

function addBook(app: OpenAPIHono, from: ApiDependencies): void {
  const list = reading('/v1/contracts', {
    summary: 'Contracts by name; those that the node was started with first',
    answer: pageOf(ContractShape),
    request: { query: z.object(pageQuery) },
  })
  app.openapi(list, async (context) => {
    const page = await from.contracts.book.list(context.req.valid('query'))
    return context.json(await pageView(page, contractView), 200)
  })
  const add = posting('/v1/contracts', {
    summary: 'Adds a contract by its address and ABI (items or signatures)',
    answer: ContractShape,
    request: { body: bodyOf(NewContractShape) },
  })
  app.openapi(add, async (context) => {
    const added = await from.contracts.book.add(context.req.valid('json'))
    return context.json(contractView(added), 200)
  })
  const path = '/v1/contracts/{name}'
  const remove = createRoute({
    ...{ method: 'delete', path, summary: 'Forgets a contract that was added' },
    ...{ operationId: operationOf('delete', path), request: { params: nameParam } },
    responses: { 204: { description: 'Forgotten' }, ...errors },
  })
  app.openapi(remove, async (context) => {
    const { name } = context.req.valid('param')
    if (!(await from.contracts.book.remove(name))) throw notFound(`contract "${name}"`)
    return context.body(null, 204)
  })
}

function addCalls(app: OpenAPIHono, { contracts }: ApiDependencies): void {
  const call = posting('/v1/contracts/call', {
    summary: 'Asks a contract; nothing is sent',
    answer: ResultShape,
    request: { body: bodyOf(CallShape) },
  })
  app.openapi(call, async (context) => {
    const result = await contracts.call(context.req.valid('json') as Json)
    return context.json({ result }, 200)
  })
  const estimate = posting('/v1/contracts/estimate', {
    summary: 'Gas that a call or a deployment would need; its simulation',
    answer: EstimateShape,
    request: { body: bodyOf(z.union([SendShape, DeployShape])) },
  })
  app.openapi(estimate, async (context) => {
    return context.json(
      { gas: String(await contracts.estimate(context.req.valid('json') as Json)) },
      200,
    )
  })
}

function addSigning(app: OpenAPIHono, { contracts }: ApiDependencies): void {
  const sign = posting('/v1/contracts/sign', {
    summary: 'Signs a message or typed data; nothing is sent',
    answer: SignedShape,
    request: { body: bodyOf(SignShape) },
  })
  app.openapi(sign, async (context) => {
    return context.json(await contracts.sign(context.req.valid('json') as Json), 200)
  })
}

function addSending(app: OpenAPIHono, { contracts }: ApiDependencies): void {
  const headers = z.object({
    'idempotency-key': z.string().max(200).optional().openapi({
      description: 'The same key sends once, however often it is asked; default a new one',
    }),
  })
  const routes = [
    ['/v1/contracts/send', 'Signs and sends a call', SendShape],
    ['/v1/contracts/deploy', 'Signs and sends the creation of a contract', DeployShape],
  ] as const
  for (const [path, summary, shape] of routes) {
    const route = createRoute({
      ...{ method: 'post', path, summary, operationId: operationOf('post', path) },
      request: { headers, body: bodyOf(shape) },
      responses: {
        200: jsonAnswer('In a block', SentShape),
        202: jsonAnswer('Under way: ask again under /v1/transactions/{id}', SentShape),
        ...errors,
      },
    })
    app.openapi(route, async (context) => {
      const given = context.req.valid('header')['idempotency-key'] ?? crypto.randomUUID()
      const id = sendingId(given)
      const sent = await sentWithin(contracts, { id, input: context.req.valid('json') as Json })
      return context.json(sentView(sent), sent.outcome ? 200 : 202)
    })
  }
}

/** Sends, and gives what is known after a while if no block has come. */
async function sentWithin(
  contracts: ContractDesk,
  { id, input }: { readonly id: `0x${string}`; readonly input: Json },
): Promise<SentTransaction> {
  const late = AbortSignal.timeout(longestWaitMs)
  let problem: string | undefined
  try {
    problem = (await contracts.send(id, input, late)).problem
  } catch (error) {
    const isLate =
      late.aborted && error instanceof AppError && error.code === 'workflow/send-aborted'
    if (!isLate) throw error
  }
  const sent = await contracts.sent(id)
  if (sent) return { ...sent, problem: problem ?? sent.problem }
  const message = 'nothing was sent within the time of the request: the lane is full; ask again'
  throw new AppError({ code: 'workflow/not-taken', message, retry: 'later' })
}

function addSent(app: OpenAPIHono, { contracts }: ApiDependencies): void {
  const list = reading('/v1/transactions', {
    summary: 'Transactions that the senders of this program have sent, newest first',
    answer: pageOf(SentShape),
    request: {
      query: z.object({ ...pageQuery, state: z.enum(['open', 'mined', 'final']).optional() }),
    },
  })
  app.openapi(list, async (context) => {
    const page = await contracts.list(context.req.valid('query'))
    return context.json(await pageView(page, sentView), 200)
  })
  const one = reading('/v1/transactions/{id}', {
    summary: 'One transaction, by the id that sending gave',
    answer: SentShape,
    request: { params: z.object({ id: z.string().regex(/^0x[0-9a-f]{64}$/) }) },
  })
  app.openapi(one, async (context) => {
    const { id } = context.req.valid('param')
    const sent = await contracts.sent(id as `0x${string}`)
    if (sent === undefined) throw notFound(`transaction "${id}"`)
    return context.json(sentView(sent), 200)
  })
  const lanes = reading('/v1/senders', {
    summary: 'The lanes of senders: what is out, what waits, what is wrong',
    answer: pageOf(
      z
        .object({
          ...{ chainId: z.number(), address: z.string(), open: z.number() },
          ...{ waiting: z.number(), problem: z.string().nullable() },
        })
        .openapi('SenderLane'),
    ),
    request: {},
  })
  app.openapi(lanes, (context) => {
    const items = contracts.lanes().map((lane) => ({ ...lane, problem: lane.problem ?? null }))
    return context.json({ items, next: null }, 200)
  })
}

/** An ABI is JSON; its type says more than the shape does. */
function contractView({ name, address, abi, fixed }: NamedContract) {
  return { name, address, fixed, abi: [...abi] as unknown[] }
}

function sentView(sent: SentTransaction) {
  const { lane, idempotencyKey, state, nonce, request, gas, versions, outcome, problem } = sent
  const [chainId, from = ''] = lane.split(':')
  const last = versions.at(-1)
  return {
    ...{ id: idempotencyKey, chainId: Number(chainId), from, to: request.to, state, nonce, gas },
    ...{ value: request.value, maxFeePerGas: last?.maxFeePerGas ?? '0', tries: versions.length },
    ...{ hash: outcome?.hash ?? last?.hash ?? '', blockNumber: outcome?.blockNumber ?? null },
    ...{ succeeded: outcome?.succeeded ?? null, gasUsed: outcome?.gasUsed ?? null },
    ...{ contractAddress: outcome?.contractAddress ?? null, problem: problem ?? null },
    at: isoTime(sent.createdAtMs),
  }
}
