/** Notes in the database whether an instance on Restate waits, for people: nothing depends on it. */

import type { SqlStore } from '../../../store/sql.ts'

/** Waits that are shorter are not noted. */
const shownAfterMs = 50

/** What is noted of one run. */
export class StatusNotes {
  readonly #sql: SqlStore
  readonly #id: string
  #alarm: ReturnType<typeof setTimeout> | undefined
  #noting: Promise<unknown> = Promise.resolve()
  #isShown = false

  constructor(sql: SqlStore, id: string) {
    this.#sql = sql
    this.#id = id
  }

  hear(isWaiting: boolean, step: string | undefined, reason: string | undefined): void {
    clearTimeout(this.#alarm)
    if (!isWaiting) return
    this.#alarm = setTimeout(() => {
      this.#isShown = true
      this.#note(
        `UPDATE instances SET status = 'waiting', step = ?, reason = ? WHERE id = ? AND interrupt IS NULL AND status IN ('running', 'waiting')`,
        ...[step ?? null, reason ?? null, this.#id],
      )
    }, shownAfterMs)
  }

  /** Resolves when nothing is noted any more. */
  async stop(): Promise<void> {
    clearTimeout(this.#alarm)
    if (this.#isShown) {
      const sql = `UPDATE instances SET status = 'running', reason = NULL WHERE id = ? AND interrupt IS NULL AND status = 'waiting'`
      this.#note(sql, this.#id)
    }
    await this.#noting
  }

  #note(sql: string, ...values: readonly (string | null)[]): void {
    this.#noting = this.#noting.then(() => this.#sql.run(sql, ...values)).catch(() => {})
  }
}
