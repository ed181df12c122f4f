/** Describes what the parts of a start share. */

import type { Logger } from '../base/logger.ts'
import type { Tracer } from '../base/tracing.ts'
import type { StepPoint } from '../workflow/workflow.ts'
import type { PrometheusMetrics } from './prometheus-metrics.ts'
import type { SettingValues } from './settings.ts'

/** What a caller may give besides settings. */
export interface NodeHooks {
  /** Asks for the password of the key file; without it a password file is needed. */
  readonly askPassword?: (question: string) => Promise<string>
  /** Hears of waits during the start. */
  readonly tell?: (line: string) => void
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal
  /** Called at each boundary of each workflow step; for tests. */
  readonly observe?: (point: StepPoint, instanceId: string, step: string) => void
}

/** Settings, the outer world, and what has to be stopped. */
export interface Composition {
  readonly values: SettingValues
  /** The settings that somebody has set. */
  readonly given: Partial<SettingValues>
  readonly hooks: NodeHooks
  /** Of this process among those that share its database; no other start has it. */
  readonly name: string
  /** Another process, or a person by it, wants this one to stop. */
  readonly asked: () => void
  readonly logger: Logger
  readonly metrics: PrometheusMetrics
  /** Present where spans are sent to a collector. */
  readonly tracer: Tracer | undefined
  /** Run in reverse order at the end. */
  readonly stops: (() => Promise<void>)[]
}
