/** Moves instances that ended long ago into the archive, and finds them there again. */

import { AppError } from '../base/app-error.ts'
import type { Clock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { Archive } from '../store/archive.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { SqlRow, SqlStore } from '../store/sql.ts'
import { markOver } from './archive/over.ts'
import { detailOf, loadMarked, type Marked, removeMarked } from './archive/records.ts'
import { retentions } from './archive/retentions.ts'
import type { InstanceDetail, InstanceStatus } from './workflow.ts'

/** An instance that is no longer in the tables. */
export interface ArchivedInstance {
  readonly id: string
  readonly namespace: string
  readonly workflow: string
  readonly status: InstanceStatus
  readonly eventId: string | undefined
  readonly createdAtMs: number
  readonly endedAtMs: number
  readonly archivedAtMs: number
  /** Whether its journal is kept in a file; else only this is known of it. */
  readonly isKept: boolean
}

/** Instances that ended long ago. */
export interface InstanceArchive {
  /** Those that were archived last come first. */
  list(
    query: PageQuery & { readonly workflow?: string | undefined },
  ): Promise<Page<ArchivedInstance>>
  /** From its file. @throws AppError `store/archived-elsewhere`, `store/damaged-archive`, `workflow/not-kept` */
  get(id: string): Promise<InstanceDetail | undefined>
  /** Moves some; whether there were any. */
  moveSome(): Promise<boolean>
}

/** What the archive needs. */
export interface InstanceArchiveDependencies {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly archive: Archive
  /** How long ended instances stay, in ms; `undefined` for ever. A definition's own `metadata.retention` comes first. */
  readonly retentionMs: number | undefined
}

/** An archive over a database with `workflowMigrations` and `archiveMigrations`. */
export function createInstanceArchive(dependencies: InstanceArchiveDependencies): InstanceArchive {
  const { sql, clock, archive, retentionMs } = dependencies
  /** Where the next look at the table begins. */
  let cursor = 0
  return {
    list: ({ workflow, ...page }) =>
      sequencePage(sql, {
        ...page,
        select: `SELECT * FROM archived_instances WHERE is_gone = 1${workflow === undefined ? '' : ' AND workflow = ?'}`,
        values: workflow === undefined ? [] : [workflow],
        read: archivedOf,
      }),
    async get(id) {
      const row = await sql.get(
        'SELECT piece, line FROM archived_instances WHERE id = ? AND is_gone = 1',
        id,
      )
      if (row === undefined) return undefined
      if (row.piece === null) {
        const message = `instance "${id}" has ended and was removed after its time`
        throw new AppError({ code: 'workflow/not-kept', message })
      }
      const lines = await archive.read(Number(row.piece))
      return detailOf(JSON.parse(lines[Number(row.line)] ?? 'null') as Json)
    },
    async moveSome() {
      const nowMs = clock.nowMs()
      const left = await sql.get('SELECT seq FROM archived_instances WHERE is_gone = 0 LIMIT 1')
      if (left === undefined) {
        const kept = await retentions(sql, retentionMs)
        const next = await markOver(sql, { kept, nowMs, cursor })
        cursor = next.cursor
        if (next.marked === 0) return next.hasMore
      }
      const day = new Date(nowMs).toISOString().slice(0, 10)
      await archive.move<readonly Marked[]>({
        file: `instances-${day}`,
        find: (session) => loadMarked(session),
        lines: (found) => found.flatMap(({ text }) => (text === undefined ? [] : [text])),
        remove: (session, found, piece) => removeMarked(session, found, { piece, nowMs }),
      })
      return true
    },
  }
}

function archivedOf(row: SqlRow): ArchivedInstance {
  return {
    ...{ id: String(row.id), namespace: String(row.namespace), workflow: String(row.workflow) },
    status: row.status as InstanceStatus,
    eventId: row.event_id === null ? undefined : String(row.event_id),
    ...{ createdAtMs: Number(row.created_at_ms), endedAtMs: Number(row.ended_at_ms) },
    ...{ archivedAtMs: Number(row.archived_at_ms), isKept: row.piece !== null },
  }
}
