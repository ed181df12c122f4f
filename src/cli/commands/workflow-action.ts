/** Describes one word after `quantumstream workflow`, and what they share. */

import type { Call } from '../command.ts'

/** One subcommand. */
export interface WorkflowAction {
  /** What follows its name: `INSTANCE [--reason R]`. */
  readonly usage: string
  /** One line of the help. */
  readonly does: string
  /** Words that it needs at least, and takes at most, behind its name. */
  readonly words: readonly [number, number]
  /** Gives the exit code. */
  run(call: Call, words: readonly string[]): Promise<number>
}

/** Subcommands by name. */
export type WorkflowActions = Readonly<Record<string, WorkflowAction>>

/** A run as the API shows it. */
export interface InstanceRow {
  readonly id: string
  readonly namespace: string
  readonly workflow: string
  readonly definitionHash: string
  readonly status: string
  readonly step: string | null
  readonly reason: string | null
  readonly eventId: string | null
  readonly createdAt: string
  readonly updatedAt: string
  readonly output: unknown
  readonly problem: { readonly title?: string; readonly detail?: string } | null
  readonly compensated: boolean
}

/** One line of a journal. */
export interface JournalRow {
  readonly seq: number
  readonly step: string
  readonly kind: string
  readonly action: string
  readonly attempt: number
  readonly startedAt: string
  readonly at: string
  readonly input: unknown
  readonly output: unknown
  readonly error: string | null
  readonly dropped: boolean
}

/** The address of a run. */
export function instancePath(id: string, what = ''): string {
  return `/v1/instances/${encodeURIComponent(id)}${what}`
}

/** Exit codes by how a run ended; one that has not ended is 5. */
const exitCodes: Readonly<Record<string, number>> = {
  ...{ completed: 0, failed: 2, cancelled: 3, retracted: 4 },
}

/** The exit code that tells how a run ended. */
export function exitCodeOf({ status }: Pick<InstanceRow, 'status'>): number {
  return exitCodes[status] ?? 5
}

/** `failed: Refused (the amount is too high)`. */
export function outcomeOf({ status, problem, reason, compensated }: InstanceRow): string {
  const why = problem?.detail ?? problem?.title ?? reason
  return `${status}${why ? `: ${why}` : ''}${compensated ? ' (what it had done was undone)' : ''}`
}

/** A line of a journal as text. */
export function journalText({ at, kind, step, action, attempt, error }: JournalRow): string {
  const again = attempt > 1 ? `, attempt ${attempt}` : ''
  return `${at}  ${kind.padEnd(9)}  ${step || '(the run)'}  (${action}${again})${error ? `  ${error}` : ''}`
}
