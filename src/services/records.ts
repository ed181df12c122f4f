/** Records outcomes of workflows, each exactly once. */

import { AppError } from '../base/app-error.ts'
import type { Clock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { SqlStore } from '../store/sql.ts'
import type { StepFunction } from '../workflow/workflow.ts'

/** One outcome. */
export interface OutcomeRecord {
  readonly id: string
  readonly instanceId: string
  readonly workflow: string
  readonly key: string
  readonly data: Json
  readonly atMs: number
}

/** Writes and lists outcomes. */
export interface Records {
  /** The step `record.write`: `{key, data}`; the row is written with the step's journal line. */
  readonly write: StepFunction
  list(query: PageQuery): Promise<Page<OutcomeRecord>>
}

/** Longest key, in characters; largest data, in bytes of JSON. */
const [maxKey, maxData] = [256, 64 * 1024]

/** Records over a database with `servicesMigrations`. */
export function createRecords({ sql, clock }: { sql: SqlStore; clock: Clock }): Records {
  return {
    write: async (input, { instanceId, idempotencyKey }) => {
      const { key, data = null } = (input ?? {}) as { readonly key?: Json; readonly data?: Json }
      const text = JSON.stringify(data)
      if (typeof key !== 'string' || key === '' || key.length > maxKey || text.length > maxData) {
        const message = `record.write needs a "key" of 1 to ${maxKey} characters and "data" of at most ${maxData} bytes`
        throw new AppError({ code: 'services/bad-record', message })
      }
      const id = idempotencyKey.slice(2, 34)
      return {
        kind: 'done',
        output: { id, key },
        writes: [
          {
            sql: `INSERT INTO records (id, instance_id, workflow, key, data, at_ms)
              SELECT ?, ?, workflow, ?, ?, ? FROM instances WHERE id = ? ON CONFLICT (id) DO NOTHING`,
            values: [id, instanceId, key, text, clock.nowMs(), instanceId],
          },
        ],
      }
    },
    list: (query) =>
      sequencePage(sql, {
        select: 'SELECT * FROM records WHERE true',
        ...query,
        read: (row) => ({
          ...{ id: String(row.id), instanceId: String(row.instance_id) },
          ...{ workflow: String(row.workflow), key: String(row.key), atMs: Number(row.at_ms) },
          data: JSON.parse(String(row.data)) as Json,
        }),
      }),
  }
}
