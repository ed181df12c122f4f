/** Words spans as OTLP does in JSON. */

import type { Span } from '../base/tracing.ts'

/** What tells one program from another, such as `service.name`. */
export type ResourceAttributes = Readonly<Record<string, string>>

/** Longest text of an attribute, in characters. */
const maxText = 1_000
/** @see opentelemetry.proto.trace.v1.Span.SpanKind */
const kinds = { internal: 1, client: 3, producer: 4, consumer: 5 } as const
/** @see opentelemetry.proto.trace.v1.Status.StatusCode */
const errorCode = 2
/** Of the W3C: only what is sampled is sent. */
const sampledFlags = 1

/**
 * An ExportTraceServiceRequest: ids in hex, enumerations as numbers, integers of 64 bits as decimal text.
 *
 * @see OTLP specification, "JSON Protobuf Encoding"
 */
export function tracesRequest(resource: ResourceAttributes, spans: readonly Span[]): object {
  const scope = { name: 'quantumstream' }
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope, spans: spans.map(spanView) }],
      },
    ],
  }
}

function spanView({ context, parentId, name, kind, startMs, endMs, attributes, error }: Span) {
  return {
    ...{ traceId: context.traceId, spanId: context.spanId, flags: sampledFlags },
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    ...{ name, kind: kinds[kind] },
    ...{ startTimeUnixNano: nanos(startMs), endTimeUnixNano: nanos(Math.max(startMs, endMs)) },
    attributes: attributesOf(attributes),
    status: error === undefined ? {} : { code: errorCode, message: error.slice(0, maxText) },
  }
}

const nanos = (ms: number) => String(BigInt(Math.round(ms)) * 1_000_000n)

function attributesOf(attributes: Span['attributes']) {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  )
}

function anyValue(value: string | number | boolean) {
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'string') return { stringValue: value.slice(0, maxText) }
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}
