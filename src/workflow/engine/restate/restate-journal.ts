/** Holds what a run on Restate has done, as the rows that are written when it ends. */

import type { Json } from '../../../base/json-rpc.ts'
import type { SqlRow, SqlWrite } from '../../../store/sql.ts'
import { undoneSteps } from '../intake.ts'
import { Journal, type NewLine } from '../journal.ts'

const columns = [
  ...['instance_id', 'seq', 'step', 'kind', 'action', 'attempt', 'started_at_ms', 'at_ms'],
  ...['input', 'output', 'error'],
]

/** The journal of a run, built anew from what Restate answers whenever the run is replayed. */
export class RestateJournal {
  readonly #id: string
  readonly #rows: SqlRow[] = []
  journal: Journal

  constructor(id: string) {
    this.#id = id
    this.journal = new Journal(id)
  }

  line(line: NewLine, output: Json | undefined): void {
    const { values } = this.journal.add(line, output, null).write
    const row = Object.fromEntries(columns.map((name, at) => [name, values[at] ?? null]))
    this.#rows.push({ ...row, dropped: 0 })
  }

  /** Sets aside what was undone, what undid it, and failures. */
  dropUndone(): void {
    const undone = undoneSteps(this.#rows.filter(({ dropped }) => dropped === 0))
    for (const [at, row] of this.#rows.entries()) {
      if (undone.has(Number(row.seq))) this.#rows[at] = { ...row, dropped: 1 }
    }
    this.journal = Journal.of(this.#id, this.#rows)
  }

  /** What writes it for readers. */
  writes(): readonly SqlWrite[] {
    const names = [...columns, 'dropped']
    const sql = `INSERT INTO journal (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
    return [
      { sql: 'DELETE FROM journal WHERE instance_id = ?', values: [this.#id] },
      ...this.#rows.map((row) => ({ sql, values: names.map((name) => row[name] ?? null) })),
    ]
  }
}
