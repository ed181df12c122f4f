/** Tells those who wait for the end of an instance how it ended. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlSession } from '../../store/sql.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { InstanceRow } from './instance-rows.ts'
import { errorOf } from './journal.ts'

interface Waiter {
  readonly promise: Promise<Json>
  readonly resolve: (output: Json) => void
  readonly reject: (error: unknown) => void
}

/** Who waits for which instance. */
export class Outcomes {
  readonly #waiters = new Map<string, Waiter>()

  /** The outcome of an instance, the same for all who ask; `isFirst` for the one who is to see to it. */
  of(id: string): { readonly promise: Promise<Json>; readonly isFirst: boolean } {
    const known = this.#waiters.get(id)
    if (known) return { promise: known.promise, isFirst: false }
    const { promise, resolve, reject } = Promise.withResolvers<Json>()
    this.#waiters.set(id, { promise, resolve, reject })
    return { promise, isFirst: true }
  }

  /** Ids that somebody waits for. */
  awaited(): readonly string[] {
    return [...this.#waiters.keys()]
  }

  /** An instance has ended. */
  settle({ id, status, output, problem, reason }: InstanceRow): void {
    const waiter = this.#take(id)
    if (waiter === undefined) return
    if (status === 'completed') waiter.resolve(output ?? null)
    else if (problem !== undefined) waiter.reject(errorOf(problem))
    else {
      const detail = `instance "${id}" was ${status}${reason === undefined ? '' : `: ${reason}`}`
      waiter.reject(new WorkflowError({ type: 'runtime', detail }))
    }
  }

  /** An instance could not be written at all, or nobody will tell any more. */
  fail(id: string, error: unknown): void {
    this.#take(id)?.reject(error)
  }

  /** An instance that is not there: if it is in the archive, it does not start again. */
  async failArchived(sql: SqlSession, id: string): Promise<void> {
    if (!this.#waiters.has(id)) return
    const found = await sql.get('SELECT id FROM archived_instances WHERE id = ?', id)
    if (found === undefined) return
    const message = `instance "${id}" ended long ago and is archived; it does not start again`
    this.fail(id, new AppError({ code: 'workflow/archived', message }))
  }

  #take(id: string): Waiter | undefined {
    const waiter = this.#waiters.get(id)
    this.#waiters.delete(id)
    return waiter
  }
}
