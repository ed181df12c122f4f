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
  /** JSON pointer of the task, by which it is known. */
  readonly pointer: string
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
  retracted: 'cancelled',
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
 * The steps of the definition that a run began with. Where that is not known, the journal names the steps that ran, in
 * their order.
 */
export function stepsOf(
  { definitionHash, journal }: Pick<InstanceDetail, 'definitionHash' | 'journal'>,
  workflows: readonly Workflow[],
): { readonly steps: readonly Step[]; readonly isKnown: boolean } {
  const deployed = workflows.find(({ hash }) => hash === definitionHash)
  if (deployed) return { steps: deployed.steps, isKnown: true }
  const ran = [...new Map(journal.map(({ name, step }) => [name, step]))]
  const steps = ran.map(([name, pointer], at) => {
    const next = ran[at + 1]?.[1]
    const following = next === undefined ? [] : [{ step: next, when: null }]
    return { name, pointer, kind: '', next: following }
  })
  return { steps, isKnown: false }
}

/** The steps of a definition with what the journal says of them. */
export function stepViews(
  steps: readonly Step[],
  journal: readonly JournalEntry[],
  status: InstanceStatus | undefined,
): readonly StepView[] {
  return steps.map(({ name, pointer, kind, next }) => {
    const entries = journal.filter(({ step, dropped }) => !dropped && isOf(step, pointer))
    const last = entries.at(-1)
    const reached = last ? stateOf[last.kind] : unwritten(kind, next, journal)
    const cut =
      (status === 'cancelled' || status === 'retracted') &&
      reached !== 'done' &&
      reached !== 'not reached'
    const [first] = entries
    const end = entries.findLast((entry) => entry.kind === 'completed' || entry.kind === 'failed')
    const durationMs = first && end ? Date.parse(end.at) - Date.parse(first.startedAt) : undefined
    return { pointer, name, kind, state: cut ? 'cancelled' : reached, entries, durationMs }
  })
}

/** What only decides or reckons leaves no line: it was passed if what follows it was reached. */
function unwritten(kind: string, next: Step['next'], journal: readonly JournalEntry[]): StepState {
  if (kind !== 'switch' && kind !== 'set') return 'not reached'
  const isPassed = next.some(({ step: pointer }) => journal.some(({ step }) => isOf(step, pointer)))
  return isPassed ? 'done' : 'not reached'
}

/** The name of a task by the key of one of its lines: `pay` of `/do/1/pay#visit/2`. */
export function stepName(step: string): string {
  return (
    step
      .replace(/#[\w-]+(\/\d+)*$/, '')
      .split('/')
      .at(-1) ?? step
  )
}

/** Whether a line belongs to a task, or to what is done within it. */
export function isOf(key: string, pointer: string): boolean {
  return key === pointer || key.startsWith(`${pointer}/`) || key.startsWith(`${pointer}#`)
}
