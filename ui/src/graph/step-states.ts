/** Derives the state of each step from an instance's journal. */

import type { InstanceDetail, InstanceStatus, JournalEntry, Step, Workflow } from '../api/shapes.ts'
import type { IconName } from '../parts/icon.tsx'

export type StepState =
  | 'not reached'
  | 'running'
  | 'waiting'
  | 'retrying'
  | 'done'
  | 'failed'
  | 'cancelled'

/** What happened in one step. */
export interface StepView {
  readonly name: string
  readonly kind: string
  readonly state: StepState
  readonly entries: readonly JournalEntry[]
  /** From the first start to the result, in milliseconds. */
  readonly durationMs: number | undefined
}

const stateOf: Readonly<Record<JournalEntry['kind'], StepState>> = {
  started: 'running',
  completed: 'done',
  waiting: 'waiting',
  retrying: 'retrying',
  failed: 'failed',
  cancelled: 'cancelled',
}

/** Icon of each state: they differ in shape, not only in colour. */
export const stateIcons: Readonly<Record<StepState, IconName>> = {
  'not reached': 'open',
  running: 'running',
  waiting: 'waiting',
  retrying: 'again',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
}

/**
 * The steps of the definition that a run began with. Where that is deployed no longer, the journal names the steps
 * that ran, in their order.
 */
export function stepsOf(
  { definitionHash, journal }: Pick<InstanceDetail, 'definitionHash' | 'journal'>,
  workflows: readonly Workflow[],
): { readonly steps: readonly Step[]; readonly isDeployed: boolean } {
  const deployed = workflows.find(({ hash }) => hash === definitionHash)
  if (deployed) return { steps: deployed.steps, isDeployed: true }
  const names = [...new Set(journal.map(({ step }) => step))]
  const steps = names.map((name, at) => {
    const next = names[at + 1]
    return { name, kind: '', next: next === undefined ? [] : [{ step: next, when: null }] }
  })
  return { steps, isDeployed: false }
}

/** The steps of a definition with what the journal says of them. */
export function stepViews(
  steps: readonly Step[],
  journal: readonly JournalEntry[],
  status: InstanceStatus | undefined,
): readonly StepView[] {
  return steps.map(({ name, kind }) => {
    const entries = journal.filter(({ step }) => step === name)
    const last = entries.at(-1)
    const reached = last === undefined ? 'not reached' : stateOf[last.kind]
    const cut = status === 'cancelled' && reached !== 'done' && reached !== 'not reached'
    const first = entries.find((entry) => entry.kind === 'started')
    const end = entries.findLast((entry) => entry.kind === 'completed' || entry.kind === 'failed')
    const durationMs = first && end ? Date.parse(end.at) - Date.parse(first.at) : undefined
    return { name, kind, state: cut ? 'cancelled' : reached, entries, durationMs }
  })
}
