/** Words where a workflow stands as the lifecycle events of the Open Workflow Specification, DSL 1.0.3. */

import type { Instance, LifecycleStep } from '../../workflow/workflow.ts'
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

/** The end of an instance. What left with its event counts as cancelled. */
export function endEvent(instance: Instance): LifecycleTold {
  const { status, problem, reason, output = null, updatedAtMs: atMs } = instance
  if (status === 'completed') return told(instance, { phase: 'completed', atMs, more: { output } })
  if (status !== 'failed') return told(instance, { phase: 'cancelled', atMs, more: {} })
  const error = problem ?? { type: 'about:blank', status: 500, title: reason ?? 'Failed' }
  return told(instance, { phase: 'faulted', atMs, more: { error } })
}

function told(
  { id, workflow, namespace, status }: Instance,
  {
    phase,
    atMs,
    more,
  }: { readonly phase: string; readonly atMs: number; readonly more: Readonly<object> },
): LifecycleTold {
  const time = new Date(atMs).toISOString()
  const data = { name: `${workflow}-${id}.${namespace}`, [`${phase}At`]: time, ...more }
  const event = {
    ...{ specversion: '1.0' as const, id, source: `/workflows/${workflow}` },
    ...{ type: `io.serverlessworkflow.workflow.${phase}.v1`, subject: id },
    ...{ datacontenttype: 'application/json', time, workflow, status, data },
  }
  return { phase, atMs, event }
}
