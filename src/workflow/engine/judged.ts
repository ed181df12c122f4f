/** Describes what comes of an attempt of an action, and what it is judged with. */

import type { Clock } from '../../base/clock.ts'
import type { SqlWrite } from '../../store/sql.ts'
import type { InterruptReason } from '../durable-context.ts'
import type { Problem } from '../workflow-error.ts'

/** What came of an attempt. */
export type Judged = { readonly startedAtMs: number; readonly atMs: number } & (
  | {
      readonly kind: 'done'
      /** Its output as JSON. */
      readonly text: string
      /** What is written with its line. */
      readonly along?: readonly SqlWrite[] | undefined
    }
  | { readonly kind: 'waiting' | 'again'; readonly reason: string; readonly untilMs: number }
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'interrupted'; readonly reason: InterruptReason }
)

/** What an attempt is judged with. */
export interface Judging {
  readonly clock: Clock
  /** Writes once what the action gives to be written, where that is not written with its line. @throws what refused it */
  readonly keep?: (idempotencyKey: string, writes: readonly SqlWrite[]) => Promise<void>
}
