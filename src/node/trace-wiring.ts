/** Sends traces to the collector of the settings, where there is one. */

import { randomUUID } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Tracer } from '../base/tracing.ts'
import { createEventTraces } from '../stream/event-traces.ts'
import type { EventHandler, EventStore } from '../stream/stream.ts'
import { stepTraces, traceInstances } from '../workflow/step-traces.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'
import type { Composition } from './composition.ts'
import { programVersion } from './program-folder.ts'

type Parts = Pick<Composition, 'values' | 'logger' | 'metrics' | 'stops'>

/**
 * The tracer of the setting `otlpEndpoint`; without it there is none, and nothing is made for it.
 *
 * @throws AppError `node/bad-otlp-headers`
 */
export async function openTracer(parts: Parts): Promise<Tracer | undefined> {
  const { values, stops, logger, metrics } = parts
  const { otlpEndpoint: endpoint, otlpHeaders, otlpService } = values
  if (endpoint === undefined) return undefined
  const { createOtlpTracer } = await import('./otlp-tracer.ts')
  const resource = {
    ...{ 'service.name': otlpService, 'service.version': await programVersion() },
    'service.instance.id': randomUUID(),
  }
  const world = { clock: systemClock, timer: systemTimer, logger, metrics }
  const tracer = createOtlpTracer({ endpoint, headers: headersOf(otlpHeaders), resource }, world)
  stops.push(() => tracer.stop())
  return tracer
}

/** What of the engine traces, if anything does. */
export function engineTraces({ tracer }: Composition) {
  return tracer === undefined ? {} : { traces: stepTraces }
}

/** Gives the tracer what the engine and the events tell; the handler that notes which events are new. */
export function traced(
  { tracer }: Composition,
  from: { readonly engine: WorkflowEngine; readonly events: EventStore },
  handler: EventHandler,
): EventHandler {
  if (tracer === undefined) return handler
  from.engine.subscribe(traceInstances(tracer))
  const traces = createEventTraces(tracer, () => systemClock.nowMs())
  from.events.subscribe((event) => traces.told(event))
  return traces.noting(handler)
}

/** `name=value,name=value` with values in percent-encoding, as OTEL_EXPORTER_OTLP_HEADERS has them. */
function headersOf(text = ''): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
      if (name === undefined || value === undefined || /%(?![0-9a-fA-F]{2})/.test(value)) {
        const message =
          'OTEL_EXPORTER_OTLP_HEADERS is no list of name=value with commas between them'
        throw new AppError({ code: 'node/bad-otlp-headers', message })
      }
      return [name.toLowerCase(), decodeURIComponent(value)]
    }),
  )
}
