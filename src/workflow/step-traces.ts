/** Says which trace instances and their steps belong to, and gives their spans once they are over. */

import {
  derivedContext,
  derivedWithin,
  readTraceparent,
  type Span,
  type TraceContext,
  type Tracer,
  traceparentOf,
} from '../base/tracing.ts'
import { eventContext } from '../stream/event-traces.ts'
import type { CloudEvent } from './durable-context.ts'
import { type Instance, type InstanceChange, isOpen, taskName } from './workflow.ts'

type Traced = Pick<Instance, 'id' | 'traceparent'>

/** What the engine asks, where traces are kept. */
export interface StepTraces {
  /** Where an instance belongs that an event starts: into the event's trace, or that of its extension `traceparent`. */
  ofEvent(event: CloudEvent, isOfChain: boolean): string | undefined
  /** Where a child belongs that an instance starts, or an event that it gives. */
  ofInstance(instance: Traced): string
  /** What an attempt of a step tells those that it asks. */
  ofStep(instance: Traced, step: string, attempt: number): string
}

/**
 * Traces that follow from ids: an instance that waited for a year, or goes on at another worker, is still in its own.
 */
export const stepTraces: StepTraces = {
  ofEvent(event, isOfChain) {
    const given = readTraceparent(event.traceparent)
    if (given !== undefined) return traceparentOf(given)
    return isOfChain ? traceparentOf(eventContext(event.id)) : undefined
  },
  ofInstance: (instance) => traceparentOf(instanceContext(instance)),
  ofStep: (instance, step, attempt) =>
    traceparentOf(stepContext(instanceContext(instance), instance.id, { step, attempt })),
}

function instanceContext({ id, traceparent }: Traced): TraceContext {
  const parent = readTraceparent(traceparent) ?? derivedContext('instance', id)
  return derivedWithin(parent, 'instance', id)
}

function stepContext(
  within: TraceContext,
  id: string,
  { step, attempt }: { readonly step: string; readonly attempt: number },
): TraceContext {
  return derivedWithin(within, 'step', id, step, String(attempt))
}

/** What an engine journals that takes no time of its own. */
const instant = new Set(['now', 'random', 'end'])

/** Takes what an engine tells, and gives a span for each attempt of a step and for each instance that has ended. */
export function traceInstances(tracer: Tracer): (change: InstanceChange) => void {
  // Several lines may be told of one end.
  let ended = ''
  return ({ instance, entry }) => {
    const context = instanceContext(instance)
    if (!context.isSampled) return
    const isOver = entry.kind !== 'started' && entry.kind !== 'waiting'
    if (isOver && entry.seq > 0 && !instant.has(entry.action)) {
      tracer.add(stepSpan(instance, entry, context))
    }
    const end = `${instance.id} ${instance.updatedAtMs}`
    if (isOpen(instance) || end === ended) return
    ended = end
    tracer.add(instanceSpan(instance, context))
  }
}

function stepSpan(instance: Instance, entry: InstanceChange['entry'], within: TraceContext): Span {
  const { step, action, attempt, kind, startedAtMs, atMs, error } = entry
  return {
    context: stepContext(within, instance.id, { step, attempt }),
    ...{ parentId: within.spanId, name: `${action} ${taskName(step)}` },
    kind: action === 'set' ? 'internal' : 'client',
    ...{ startMs: startedAtMs, endMs: atMs },
    attributes: {
      ...{ 'quantumstream.workflow': instance.workflow, 'quantumstream.step': step },
      ...{ 'quantumstream.instance.id': instance.id, 'quantumstream.action': action },
      ...{ 'quantumstream.attempt': attempt, 'quantumstream.outcome': kind },
    },
    ...(kind === 'failed' || kind === 'retrying' ? { error: error ?? kind } : {}),
  }
}

function instanceSpan(instance: Instance, context: TraceContext): Span {
  const { id, workflow, definitionHash, status, eventId, createdAtMs, updatedAtMs } = instance
  return {
    ...{ context, parentId: readTraceparent(instance.traceparent)?.spanId },
    ...{ name: `workflow ${workflow}`, kind: 'internal' },
    ...{ startMs: createdAtMs, endMs: updatedAtMs },
    attributes: {
      ...{ 'quantumstream.workflow': workflow, 'quantumstream.instance.id': id },
      ...{ 'quantumstream.definition': definitionHash, 'quantumstream.status': status },
      ...{ 'quantumstream.event.id': eventId },
    },
    ...(status === 'failed' ? { error: instance.reason ?? status } : {}),
  }
}
