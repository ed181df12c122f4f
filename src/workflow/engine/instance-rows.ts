/** Reads and words the rows of instances. */

import type { Json } from '../../base/json-rpc.ts'
import type { SqlRow, SqlWrite } from '../../store/sql.ts'
import type { AwaitedLife, InterruptReason } from '../durable-context.ts'
import { keptJson } from '../kept-json.ts'
import type { Instance, InstanceStatus } from '../workflow.ts'

/** Lives of an event in the order in which they come. */
export const lives: readonly AwaitedLife[] = ['pending', 'confirmed', 'safe', 'finalized']

/** An instance as the engine keeps it. */
export interface InstanceRow extends Instance {
  readonly input: Json
  /** How deeply it is nested as a child of other instances. */
  readonly depth: number
  /** Index in `lives` of the furthest that its event has come; the last where no event started it. */
  readonly life: number
  /** What it has been told: to undo everything, or what followed from an event that it took. */
  readonly interrupt:
    | Exclude<InterruptReason, 'branch-stopped' | 'timed-out'>
    | 'rewound'
    | undefined
  /** Its event is there again while it is still undoing. */
  readonly comesBack: boolean
  /** Grows when something from outside concerns it; whoever parks it says which it has seen. */
  readonly nudge: number
  readonly wakeAtMs: number | undefined
}

/** What a new instance is made of. */
export interface NewInstance {
  readonly id: string
  readonly namespace: string
  readonly workflow: string
  readonly definitionHash: string
  readonly eventId: string | undefined
  readonly parentId: string | undefined
  readonly traceparent: string | undefined
  readonly depth: number
  readonly input: Json
  readonly life: number
  readonly nowMs: number
  /** Who has it; nobody where it is `null`. */
  readonly owner: number | null
}

/** What inserts an instance, unless there is one with this id, or was one that is archived. */
export function insertion(one: NewInstance, inputText: string): SqlWrite {
  return {
    sql: `INSERT INTO instances (id, namespace, workflow, definition_hash, status, event_id, parent_id, traceparent, depth, input,
      life, wake_at_ms, owner, created_at_ms, updated_at_ms) SELECT ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
      WHERE NOT EXISTS (SELECT 1 FROM archived_instances WHERE id = ?) ON CONFLICT (id) DO NOTHING`,
    values: [
      ...[one.id, one.namespace, one.workflow, one.definitionHash],
      ...[one.eventId ?? null, one.parentId ?? null, one.traceparent ?? null],
      ...[one.depth, inputText, one.life],
      ...[one.nowMs, one.owner, one.nowMs, one.nowMs, one.id],
    ],
  }
}

/** The same with the input as it is kept. @throws AppError `workflow/bad-input` */
export function insertionOf(one: NewInstance): SqlWrite {
  return insertion(one, keptJson(one.input, 'the input of the workflow'))
}

/** The row that `insertion` writes. */
export function freshRow(one: NewInstance): InstanceRow {
  return {
    ...{ id: one.id, namespace: one.namespace, workflow: one.workflow, status: 'running' },
    ...{ definitionHash: one.definitionHash, eventId: one.eventId, parentId: one.parentId },
    traceparent: one.traceparent,
    ...{ step: undefined, reason: undefined, output: undefined, problem: undefined },
    ...{ createdAtMs: one.nowMs, updatedAtMs: one.nowMs, input: one.input, depth: one.depth },
    ...{ life: one.life, interrupt: undefined, comesBack: false, compensated: false },
    ...{ nudge: 0, wakeAtMs: one.nowMs },
  }
}

/** An instance as it was read. */
export function instanceOf(row: SqlRow): InstanceRow {
  return {
    id: String(row.id),
    namespace: String(row.namespace),
    workflow: String(row.workflow),
    definitionHash: String(row.definition_hash),
    status: row.status as InstanceStatus,
    step: optional(row.step),
    reason: optional(row.reason),
    eventId: optional(row.event_id),
    parentId: optional(row.parent_id),
    traceparent: optional(row.traceparent),
    createdAtMs: Number(row.created_at_ms),
    updatedAtMs: Number(row.updated_at_ms),
    output: jsonOf(row.output),
    problem: jsonOf(row.error) as Instance['problem'],
    compensated: Number(row.compensated) === 1,
    input: jsonOf(row.input) ?? null,
    depth: Number(row.depth),
    life: Number(row.life),
    interrupt: optional(row.interrupt) as InstanceRow['interrupt'],
    comesBack: Number(row.comes_back) === 1,
    nudge: Number(row.nudge),
    wakeAtMs: row.wake_at_ms === null ? undefined : Number(row.wake_at_ms),
  }
}

/** JSON of a column; `undefined` where it is empty. */
export function jsonOf(text: unknown): Json | undefined {
  return typeof text === 'string' ? (JSON.parse(text) as Json) : undefined
}

function optional(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}
