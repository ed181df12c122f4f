/** Describes what the API answers and takes about functions. */

import { z } from '@hono/zod-openapi'
import type { FunctionRun, FunctionStatus } from '../../workflow/function-registry.ts'
import type { FunctionVersion, LogLine } from '../../workflow/functions.ts'
import { isoTime } from './views.ts'

const time = z.string().openapi({ format: 'date-time' })
const json = z.any().openapi({ description: 'Any JSON' })
const kind = z.enum(['local', 'http', 'aws', 'google', 'azure'])

export const FunctionShape = z
  .object({
    name: z.string(),
    provider: z.string(),
    kind,
    version: z.string().nullable(),
    runtime: z.string().nullable(),
    deployedAt: time.nullable(),
    state: z.string(),
    isCalled: z.boolean().openapi({ description: 'Calls of this name come here' }),
    circuit: z.enum(['closed', 'half-open', 'open']),
    running: z.number(),
    waiting: z.number(),
    runs: z.number().openapi({ description: 'Of the last 200' }),
    errors: z.number(),
    medianMs: z.number().nullable(),
    p95Ms: z.number().nullable(),
    lastRunAt: time.nullable(),
    lastError: z.string().nullable(),
  })
  .openapi('Function')

export const FunctionListShape = z
  .object({
    items: z.array(FunctionShape),
    next: z.string().nullable(),
    providers: z
      .array(z.object({ name: z.string(), kind }))
      .openapi({ description: 'The default one first' }),
    problems: z.array(z.string()).openapi({ description: 'Of providers that do not answer' }),
  })
  .openapi('FunctionList')

export const FunctionDetailShape = FunctionShape.extend({
  versions: z.array(
    z.object({
      version: z.string(),
      at: time.nullable(),
      bytes: z.number().nullable(),
      isCurrent: z.boolean(),
    }),
  ),
}).openapi('FunctionDetail')

export const LogLineShape = z
  .object({ at: time, level: z.enum(['debug', 'info', 'warn', 'error']), text: z.string() })
  .openapi('LogLine')

export const FunctionRunShape = z
  .object({
    provider: z.string(),
    idempotencyKey: z.string(),
    at: time,
    ms: z.number(),
    outcome: z.string().openapi({ description: '`ok`, or the code of the error' }),
    error: z.string().nullable(),
    log: z.array(LogLineShape),
  })
  .openapi('FunctionRun')

export const FunctionResultShape = z
  .object({ output: json, ms: z.number(), idempotencyKey: z.string() })
  .openapi('FunctionResult')

export const InvokeBody = z.object({
  payload: json.optional(),
  idempotencyKey: z
    .string()
    .regex(/^[\x21-\x2d\x2f-\x7e]{1,256}$/)
    .optional()
    .openapi({ description: 'Printable, without a full stop; made up unless given' }),
})

/** New files, or a version that is kept. */
export const DeployBody = z.object({
  files: z
    .record(z.string(), z.base64())
    .optional()
    .openapi({ description: 'Contents in base64 by path within the folder of the function' }),
  manifest: z
    .record(z.string(), z.unknown())
    .optional()
    .openapi({ description: 'Fields of function.json; they win over those in the files' }),
  provider: z.string().max(32).optional(),
  version: z.string().max(128).optional().openapi({
    description: 'Goes to this one, without files; of local ones the beginning will do',
  }),
})

/** A function as the API shows it. */
export function functionView(one: FunctionStatus): z.infer<typeof FunctionShape> {
  const { name, provider, kind: of, state, isCalled, circuit, running, waiting, figures } = one
  return {
    ...{ name, provider, kind: of, state, isCalled, circuit, running, waiting },
    version: one.version ?? null,
    runtime: one.runtime ?? null,
    deployedAt: timeView(one.deployedAtMs),
    ...{ runs: figures.runs, errors: figures.errors },
    medianMs: figures.medianMs ?? null,
    p95Ms: figures.p95Ms ?? null,
    lastRunAt: timeView(figures.lastAtMs),
    lastError: figures.lastError ?? null,
  }
}

/** A version as the API shows it. */
export function versionView({ version, atMs, bytes = undefined, isCurrent }: FunctionVersion) {
  return { version, at: timeView(atMs), bytes: bytes ?? null, isCurrent }
}

/** A run as the API shows it. */
export function runView(run: FunctionRun): z.infer<typeof FunctionRunShape> {
  const { provider, idempotencyKey, atMs, ms, outcome, error = null, log } = run
  return { provider, idempotencyKey, at: isoTime(atMs), ms, outcome, error, log: log.map(logView) }
}

/** A line as the API shows it. */
export function logView({ atMs, level, text }: LogLine): z.infer<typeof LogLineShape> {
  return { at: isoTime(atMs), level, text }
}

function timeView(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms)
}
