/** Gives steps what they work with: the data that expressions see, the branch that is taken, the idempotency key. */

import { createHash } from 'node:crypto'
import { toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import { keccak256 } from '../crypto/keccak.ts'
import type { Step, Task } from './definition.ts'
import type { StoredInstance } from './instance-store.ts'
import type { InstanceStatus, JournalEntry } from './workflow.ts'

/** A line before it is written. */
export type Line = Omit<JournalEntry, 'seq' | 'atMs'>

/** Whether an instance still has something to do. */
export function isOpen({ status }: { readonly status: InstanceStatus }): boolean {
  return status === 'running' || status === 'waiting'
}

/** A line of a step that holds nothing yet. */
export function lineOf(step: string, attempt: number) {
  return { step, attempt, input: undefined, output: undefined, error: undefined }
}

/** What expressions see: the event with a reference of 32 bytes, the results so far, and the instance. */
export function dataOf(instance: StoredInstance, results: ReadonlyMap<string, Json>): Json {
  const reference = toHex(keccak256(new TextEncoder().encode(instance.eventId)))
  return {
    event: { ...(instance.input as object), reference },
    steps: Object.fromEntries(results),
    instance: { id: instance.id, workflow: instance.workflow },
  }
}

/** Takes the first case that holds: its name as the result, and the step it goes to. */
export function branch(
  { cases }: Extract<Task, { kind: 'switch' }>,
  { next }: Step,
  data: Json,
): { readonly output: Json; readonly next: string | undefined } {
  const taken = cases.find(({ when }) => when === undefined || isTrue(when(data)))
  return { output: { case: taken?.name ?? null }, next: taken ? taken.goesTo : next }
}

/** The key of a step, the same for each attempt; `visit` tells repetitions of a loop apart. */
export function idempotencyKeyOf(instanceId: string, step: string, visit: number): `0x${string}` {
  return `0x${createHash('sha256').update(`${instanceId}\n${step}\n${visit}`).digest('hex')}`
}

function isTrue(value: Json): boolean {
  return value !== null && value !== false
}
