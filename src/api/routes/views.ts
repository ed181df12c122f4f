/** Turns what the rooms give into what the API answers. */

import type { z } from '@hono/zod-openapi'
import type { Hex } from '../../base/bytes.ts'
import type { JsonRpcClient } from '../../base/json-rpc.ts'
import type { Page } from '../../base/page.ts'
import type { Notification } from '../../services/notification.ts'
import type { StoredEvent } from '../../stream/stream.ts'
import type { RunnableWorkflow } from '../../workflow/durable-context.ts'
import { outlineOf } from '../../workflow/outline.ts'
import { type Instance, type JournalEntry, taskName } from '../../workflow/workflow.ts'
import type {
  BlockDetailShape,
  EventShape,
  InstanceShape,
  JournalEntryShape,
  NotificationShape,
  WorkflowShape,
} from './shapes.ts'

/** Milliseconds since the epoch as ISO 8601. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** A page with its items as the API shows them. */
export async function pageView<A, B>(
  page: Page<A>,
  view: (item: A) => B | Promise<B>,
): Promise<{ items: B[]; next: string | null }> {
  return { items: await Promise.all(page.items.map(view)), next: page.next ?? null }
}

/** An event, with the instances it started. */
export function eventView(event: StoredEvent, instances: string[]): z.infer<typeof EventShape> {
  const { blockTimeMs, seenAtMs, life: reached, ...rest } = event
  const times = { blockTime: isoTime(blockTimeMs), seenAt: isoTime(seenAtMs) }
  const life = reached.map(({ state, atMs }) => ({ state, at: isoTime(atMs) }))
  return { ...rest, ...times, life, instances }
}

/** An instance without its journal. */
export function instanceView(instance: Instance): z.infer<typeof InstanceShape> {
  const { id, namespace, workflow, definitionHash, status, compensated } = instance
  return {
    ...{ id, namespace, workflow, definitionHash, status, compensated },
    ...{ eventId: instance.eventId ?? null, parentId: instance.parentId ?? null },
    problem: instance.problem ?? null,
    step: instance.step ?? null,
    reason: instance.reason ?? null,
    createdAt: isoTime(instance.createdAtMs),
    updatedAt: isoTime(instance.updatedAtMs),
    output: instance.output ?? null,
  }
}

/** One line of a journal. */
export function entryView(entry: JournalEntry): z.infer<typeof JournalEntryShape> {
  const { seq, step, kind, action, attempt, dropped, startedAtMs, atMs } = entry
  const { input = null, output = null, error = null } = entry
  return {
    ...{ seq, step, name: taskName(step), kind, action, attempt, dropped },
    ...{ startedAt: isoTime(startedAtMs), at: isoTime(atMs), input, output, error },
  }
}

/** A workflow as it is drawn. */
export function workflowView(workflow: RunnableWorkflow): z.infer<typeof WorkflowShape> {
  const { namespace, name, version, title, hash, document, trigger } = workflow
  const [wish] = trigger.on?.wishes ?? []
  const steps = outlineOf(document).map(({ next, name: step, pointer, kind }) => ({
    ...{ name: step, pointer, kind },
    next: next.map(({ step: to, when = null }) => ({ step: to, when })),
  }))
  const event = wish?.attributes.event ?? wish?.attributes.type ?? null
  return { namespace, name, version, title, hash, event, steps, definition: document }
}

/** A notification of the outbox. */
export function notificationView(one: Notification): z.infer<typeof NotificationShape> {
  const { atMs, sentAtMs, reason = null, ...rest } = one
  const sentAt = sentAtMs === undefined ? null : isoTime(sentAtMs)
  return { ...rest, reason, at: isoTime(atMs), sentAt }
}

/** A block of a chain by number, hash or tag; absent if there is none. */
export async function blockView(
  chain: { readonly name: string; readonly client: JsonRpcClient },
  block: string,
): Promise<z.infer<typeof BlockDetailShape> | undefined> {
  const isHash = block.length === 66
  const method = isHash ? 'eth_getBlockByHash' : 'eth_getBlockByNumber'
  const found = (await chain.client.request(method, [block, false])) as RpcBlock | null
  if (found === null) return undefined
  const { hash, parentHash, transactions, baseFeePerGas } = found
  return {
    ...{ chain: chain.name, number: Number(found.number), hash, parentHash },
    timestamp: isoTime(Number(found.timestamp) * 1_000),
    transactions: transactions.length,
    gasUsed: String(BigInt(found.gasUsed)),
    gasLimit: String(BigInt(found.gasLimit)),
    baseFeePerGas: baseFeePerGas === undefined ? null : String(BigInt(baseFeePerGas)),
    beneficiary: found.miner,
    transactionHashes: [...transactions],
  }
}

interface RpcBlock {
  readonly number: Hex
  readonly hash: Hex
  readonly parentHash: Hex
  readonly timestamp: Hex
  readonly transactions: readonly Hex[]
  readonly gasUsed: Hex
  readonly gasLimit: Hex
  readonly baseFeePerGas?: Hex
  readonly miner: Hex
}
