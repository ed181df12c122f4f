/** Describes how the rooms trace what they do, and words the trace context of the W3C. */

import { hash } from 'node:crypto'

/** Place in a trace. */
export interface TraceContext {
  /** 16 bytes, hex. */
  readonly traceId: string
  /** 8 bytes, hex. */
  readonly spanId: string
  /** Whether somebody records this trace. */
  readonly isSampled: boolean
}

/** Something that took time. */
export interface Span {
  readonly context: TraceContext
  /** The span within which it happened; 8 bytes, hex. */
  readonly parentId?: string | undefined
  readonly name: string
  readonly kind: 'internal' | 'client' | 'producer' | 'consumer'
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>
  /** What it failed with. */
  readonly error?: string | undefined
}

/** Takes spans once they are over; nothing waits for them. */
export interface Tracer {
  add(span: Span): void
}

/** The context that follows from a name: whoever derives it from the same parts has the same one, also after a restart. */
export function derivedContext(...parts: readonly string[]): TraceContext {
  const digest = hash('sha256', parts.join('\n'))
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48), isSampled: true }
}

/** Another place in the same trace, which follows from a name. */
export function derivedWithin(
  { traceId, isSampled }: Omit<TraceContext, 'spanId'>,
  ...parts: readonly string[]
): TraceContext {
  return { traceId, isSampled, spanId: derivedContext(...parts).spanId }
}

/** The header `traceparent`. @see W3C Trace Context, 3.2 */
export function traceparentOf({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
}

/**
 * Reads `traceparent`; nothing for what is none. Of later versions what is known of the first is read.
 *
 * @see W3C Trace Context, 3.2 and 4.3
 */
export function readTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string' || text.length > 512) return undefined
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text)
  if (match === null) return undefined
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}
