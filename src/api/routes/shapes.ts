/** Describes every answer of the API, for its document and its checks. */

import { z } from '@hono/zod-openapi'
import { channelNames, notificationStates } from '../../services/notification.ts'

const time = z.string().openapi({ format: 'date-time' })
const hex = z.string().openapi({ example: '0x5fbdb2315678afecb367f032d93f642f64180aa3' })
const json = z.any().openapi({ description: 'Any JSON' })

export const ErrorShape = z
  .object({ error: z.object({ code: z.string(), message: z.string(), data: z.unknown() }) })
  .openapi('Error')

export const StatusShape = z
  .object({
    name: z.string(),
    version: z.string(),
    startedAt: time,
    dev: z.boolean(),
    ready: z.boolean(),
    listeners: z.array(
      z.object({
        chain: z.string(),
        state: z.enum(['starting', 'catching-up', 'following', 'waiting', 'stopped']),
        checkpoint: z.number().nullable(),
        head: z.number().nullable(),
        problem: z.string().nullable(),
      }),
    ),
    instances: z.object({
      running: z.number(),
      waiting: z.number(),
      paused: z.number(),
      compensating: z.number(),
      completed: z.number(),
      failed: z.number(),
      cancelled: z.number(),
      retracted: z.number(),
    }),
    senders: z.array(
      z.object({ chain: z.string(), address: hex.nullable(), problem: z.string().nullable() }),
    ),
  })
  .openapi('Status')

export const ChainShape = z
  .object({
    name: z.string(),
    chainId: z.number(),
    embedded: z.boolean(),
    rpcPath: z.string(),
    head: z.object({ number: z.number(), hash: hex, timestamp: time }).nullable(),
    engine: z.string().nullable(),
    state: z.enum([
      ...([
        'creating',
        'starting',
        'running',
        'stopping',
        'stopped',
        'failed',
        'removing',
      ] as const),
    ]),
    problem: z.string().nullable(),
    isFirst: z.boolean().openapi({ description: 'The node stands on it' }),
    parent: z
      .object({ chain: hex, number: z.number(), hash: hex, stateRoot: hex })
      .nullable()
      .openapi({ description: 'The block that it was forked from' }),
    portion: z
      .number()
      .nullable()
      .openapi({ description: 'Of the state that is copied, while a fork is created' }),
    contracts: z.record(z.string(), hex),
    accounts: z.array(hex),
  })
  .openapi('Chain')

export const BlockShape = z
  .object({
    chain: z.string(),
    number: z.number(),
    hash: hex,
    parentHash: hex,
    timestamp: time,
    transactions: z.number(),
    gasUsed: z.string(),
    gasLimit: z.string(),
    baseFeePerGas: z.string().nullable(),
    beneficiary: hex,
  })
  .openapi('Block')

export const BlockDetailShape = BlockShape.extend({ transactionHashes: z.array(hex) }).openapi(
  'BlockDetail',
)

export const EventShape = z
  .object({
    id: z.string(),
    chain: z.string(),
    chainId: z.number(),
    address: hex,
    name: z.string(),
    signature: z.string(),
    args: z.record(z.string(), json),
    state: z.enum(['pending', 'confirmed', 'safe', 'finalized', 'retracted']),
    blockNumber: z.number(),
    blockHash: hex,
    transactionHash: hex,
    logIndex: z.number(),
    blockTime: time,
    seenAt: time,
    life: z
      .array(
        z.object({
          state: z.enum(['seen', 'confirmed', 'safe', 'finalized', 'retracted', 'returned']),
          at: time,
        }),
      )
      .openapi({ description: 'When it came how far, in the order of time' }),
    instances: z.array(z.string()),
  })
  .openapi('Event')

export const WorkflowShape = z
  .object({
    namespace: z.string(),
    name: z.string(),
    version: z.string(),
    title: z.string(),
    hash: z.string(),
    event: z.string().nullable().openapi({ description: 'What starts it, if events do' }),
    steps: z.array(
      z.object({
        name: z.string(),
        pointer: z
          .string()
          .openapi({ description: 'JSON pointer; keys of journal lines begin so' }),
        kind: z.string(),
        next: z.array(z.object({ step: z.string(), when: z.string().nullable() })),
      }),
    ),
    definition: json,
  })
  .openapi('Workflow')

export const statuses = [
  ...(['running', 'waiting', 'paused', 'compensating'] as const),
  ...(['completed', 'failed', 'cancelled', 'retracted'] as const),
] as const

export const InstanceShape = z
  .object({
    id: z.string(),
    namespace: z.string().openapi({ description: 'Of the workflow' }),
    workflow: z.string(),
    definitionHash: z.string(),
    status: z.enum(statuses),
    step: z.string().nullable(),
    reason: z.string().nullable(),
    eventId: z.string().nullable(),
    parentId: z.string().nullable().openapi({ description: 'The run that started it' }),
    createdAt: time,
    updatedAt: time,
    output: json,
    problem: json.openapi({ description: 'What it failed with, RFC 9457' }),
    compensated: z.boolean().openapi({ description: 'Something that it had done was undone' }),
  })
  .openapi('Instance')

export const JournalEntryShape = z
  .object({
    seq: z.number(),
    step: z.string(),
    name: z.string().openapi({ description: 'Of the task' }),
    kind: z.enum([
      ...(['started', 'completed', 'waiting', 'retrying', 'failed'] as const),
      ...(['cancelled', 'retracted'] as const),
    ]),
    action: z.string(),
    attempt: z.number(),
    startedAt: time,
    at: time,
    input: json,
    output: json,
    error: z.string().nullable(),
    dropped: z.boolean().openapi({ description: 'It was undone, or set aside by a retry' }),
  })
  .openapi('JournalEntry')

export const InstanceDetailShape = InstanceShape.extend({
  input: json,
  event: EventShape.nullable(),
  journal: z.array(JournalEntryShape),
}).openapi('InstanceDetail')

export const NotificationShape = z
  .object({
    id: z.string(),
    instanceId: z.string(),
    to: z.string(),
    subject: z.string(),
    body: z.string(),
    channel: z.enum(channelNames),
    state: z.enum(notificationStates),
    attempts: z.number(),
    reason: z.string().nullable(),
    at: time,
    sentAt: time.nullable(),
  })
  .openapi('Notification')

export const RecordShape = z
  .object({
    id: z.string(),
    instanceId: z.string(),
    workflow: z.string(),
    key: z.string(),
    data: json,
    at: time,
  })
  .openapi('Record')

const wholeLimit = 'expected a whole number from 1 to 200'

/** An answer of JSON, for the document. */
export const jsonAnswer = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
})

const described = (description: string) => jsonAnswer(description, ErrorShape)

/** What every route may answer besides. */
export const errors = {
  400: described('The question is not understood'),
  404: described('There is no such thing'),
  default: described(
    'Refused (403, 405, 409, 413, 415, 422, 429), or the node or its endpoint failed (500, 502)',
  ),
}

/** `limit` and `cursor` of every list. */
export const pageQuery = {
  limit: z.coerce
    .number({ error: wholeLimit })
    .int({ error: wholeLimit })
    .min(1, { error: wholeLimit })
    .max(200, { error: wholeLimit })
    .default(50)
    .openapi({ description: '1 to 200' }),
  cursor: z.string().max(200).optional().openapi({ description: '`next` of the page before' }),
}

/** A page of a list, newest first. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}
