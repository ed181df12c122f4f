/** Words where a workflow stands as the lifecycle events of the Open Workflow Specification, DSL 1.0.3. */

import type { Instance, LifecycleStep, TaskStep } from '../../workflow/workflow.ts'
import type { LifecycleTold } from './sink-feed.ts'

/** A step in the life of an instance that goes on. */
export function lifecycleEvent(
  instance: Instance,
  { phase, atMs, version }: LifecycleStep,
): LifecycleTold {
  const { workflow: name, namespace } = instance
  const more = version === undefined ? {} : { definition: { name, namespace, version } }
  return told(instance, { phase, atMs, more })
}

/** What became of a task. */
export function taskEvent(
  instance: Instance,
  { phase, task, seq, atMs, output, problem }: TaskStep,
): LifecycleTold {
  const more = {
    ...(phase === 'completed' ? { output: output ?? null } : {}),
    ...(problem === undefined ? {} : { error: problem }),
  }
  const worded = wordOf(instance, { kind: 'task', phase, atMs, more })
  const { name: workflow, ...rest } = worded.data
  const event = { ...worded, data: { workflow, task, ...rest } }
  return { phase, atMs, seq, event }
}

/** The end of an instance. What left with its event counts as cancelled. */
export function endEvent(instance: Instance): LifecycleTold {
  const { status, problem, reason, output = null, updatedAtMs: atMs } = instance
  if (status === 'completed') return told(instance, { phase: 'completed', atMs, more: { output } })
  if (status !== 'failed') return told(instance, { phase: 'cancelled', atMs, more: {} })
  const error = problem ?? { type: 'about:blank', status: 500, title: reason ?? 'Failed' }
  return told(instance, { phase: 'faulted', atMs, more: { error } })
}

function told(instance: Instance, about: Omit<Worded, 'kind'>): LifecycleTold {
  const { phase, atMs } = about
  return { phase, atMs, event: wordOf(instance, { kind: 'workflow', ...about }) }
}

interface Worded {
  readonly kind: 'workflow' | 'task'
  readonly phase: string
  readonly atMs: number
  readonly more: Readonly<object>
}

function wordOf(
  { id, workflow, namespace, status }: Instance,
  { kind, phase, atMs, more }: Worded,
) {
  const time = new Date(atMs).toISOString()
  const data = { name: `${workflow}-${id}.${namespace}`, [`${phase}At`]: time, ...more }
  return {
    ...{ specversion: '1.0' as const, id, source: `/workflows/${workflow}` },
    ...{ type: `io.serverlessworkflow.${kind}.${phase}.v1`, subject: id },
    ...{ datacontenttype: 'application/json', time, workflow, status, data },
  }
}
