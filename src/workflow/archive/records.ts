/** Turns instances into lines of the archive, takes their rows away, and reads them from such lines. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlRow, SqlSession } from '../../store/sql.ts'
import { shownInstance } from '../engine/instance-lists.ts'
import { instanceOf } from '../engine/instance-rows.ts'
import { entryOf } from '../engine/journal.ts'
import type { InstanceDetail } from '../workflow.ts'
import { isOver } from './over.ts'

/** Where the text of a piece ends, whatever is still marked; one instance more may be in it. */
const maxTextBytes = 8 * 1024 * 1024
/** Tables that have rows of an instance. */
const ownTables = [
  ...['journal', 'subscriptions', 'messages', 'questions', 'consumed_events'],
  'trigger_events',
]

/** An instance that was marked. */
export interface Marked {
  readonly id: string
  /** What it was when it was read. */
  readonly nudge: number
  readonly updatedAtMs: number
  /** Its line; nothing where something has happened to it since it was marked: it stays. */
  readonly text: string | undefined
}

/** Instances that are marked, in the order of their marks. */
export async function loadMarked(session: SqlSession): Promise<readonly Marked[] | undefined> {
  const ids = await session.all('SELECT id FROM archived_instances WHERE is_gone = 0 ORDER BY seq')
  const found: Marked[] = []
  let bytes = 0
  for (const { id = '' } of ids) {
    if (bytes > maxTextBytes) break
    const one = await load(session, String(id))
    bytes += one.text?.length ?? 0
    found.push(one)
  }
  return found.length === 0 ? undefined : found
}

async function load(session: SqlSession, id: string): Promise<Marked> {
  const row = await session.get(`SELECT * FROM instances WHERE id = ? AND ${isOver}`, id)
  if (row === undefined) return { id, nudge: 0, updatedAtMs: 0, text: undefined }
  const of = (table: string, order: string) =>
    session.all(`SELECT * FROM ${table} WHERE instance_id = ? ORDER BY ${order}`, id)
  const questions = await of('questions', 'seq')
  const answers: SqlRow[] = []
  for (const { id: asked = '' } of questions) {
    answers.push(...(await session.all('SELECT * FROM answers WHERE question_id = ?', asked)))
  }
  const record = { instance: row, journal: await of('journal', 'seq'), questions, answers }
  const [nudge, updatedAtMs] = [Number(row.nudge), Number(row.updated_at_ms)]
  return { id, nudge, updatedAtMs, text: JSON.stringify(record) }
}

/** Takes marked instances out of the tables; those to which something has happened stay, without their mark. */
export async function removeMarked(
  session: SqlSession,
  found: readonly Marked[],
  { piece, nowMs }: { readonly piece: number | null; readonly nowMs: number },
): Promise<void> {
  let line = 0
  for (const { id, nudge, updatedAtMs, text } of found) {
    if (text === undefined) {
      await session.run('DELETE FROM archived_instances WHERE id = ? AND is_gone = 0', id)
      continue
    }
    const removed = await session.run(
      `DELETE FROM instances WHERE id = ? AND nudge = ? AND updated_at_ms = ? AND ${isOver}`,
      ...[id, nudge, updatedAtMs],
    )
    if (removed !== 1) {
      const message = `instance "${id}" changed while it was archived`
      throw new AppError({ code: 'store/conflict', message, retry: 'now' })
    }
    const answers =
      'DELETE FROM answers WHERE question_id IN (SELECT id FROM questions WHERE instance_id = ?)'
    await session.run(answers, id)
    for (const table of ownTables) {
      await session.run(`DELETE FROM ${table} WHERE instance_id = ?`, id)
    }
    await session.run(
      'UPDATE archived_instances SET is_gone = 1, piece = ?, line = ?, archived_at_ms = ? WHERE id = ?',
      ...[piece, line, nowMs, id],
    )
    line += 1
  }
}

/** An instance by its line. */
export function detailOf(record: Json): InstanceDetail {
  const { instance, journal } = record as unknown as { instance: SqlRow; journal: SqlRow[] }
  const one = instanceOf(instance)
  return { ...shownInstance(one), input: one.input, journal: journal.map(entryOf) }
}
