/** Defines the errors of workflows as the language names them: problem details (RFC 9457) with a standard type. */

import { AppError, type Retry } from '../base/app-error.ts'

/** Standard kinds of errors of the language, each with its default status. */
const statusOf = {
  configuration: 400,
  validation: 400,
  expression: 400,
  authentication: 401,
  authorization: 403,
  timeout: 408,
  communication: 500,
  runtime: 500,
} as const

export type ProblemKind = keyof typeof statusOf

const prefix = 'https://serverlessworkflow.io/spec/1.0.0/errors/'

/** The URI of a standard error type. */
function problemType(kind: ProblemKind): string {
  return `${prefix}${kind}`
}

/** An error as `catch` sees it. */
export interface Problem {
  /** URI of the error's type. */
  readonly type: string
  readonly status: number
  readonly title?: string
  readonly detail?: string
  /** JSON pointer of the task that it comes from. */
  readonly instance?: string
}

/** What a workflow error is made of; `type` may be the name of a standard kind. */
export interface ProblemParts {
  readonly type: ProblemKind | (string & {})
  /** Default: that of the kind, 500 for others. */
  readonly status?: number
  readonly title?: string | undefined
  readonly detail?: string | undefined
  readonly instance?: string | undefined
  /** Whether the same task may succeed later, where no `retry` of the workflow decides; default `never`. */
  readonly retry?: Retry
  /** What the server asked for with Retry-After, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/**
 * An error that a workflow can catch.
 *
 * Its code is `workflow/` and the standard kind, `workflow/raised` for types of the workflow's own; `data.problem` is the
 * problem, `data.retryAfterMs` the pause that a server asked for.
 */
export class WorkflowError extends AppError {
  readonly problem: Problem

  constructor(parts: ProblemParts) {
    const kind = kindOf(parts.type)
    const problem: Problem = {
      type: kind === undefined ? parts.type : problemType(kind),
      status: parts.status ?? (kind === undefined ? 500 : statusOf[kind]),
      ...(parts.title === undefined ? {} : { title: parts.title }),
      ...(parts.detail === undefined ? {} : { detail: parts.detail }),
      ...(parts.instance === undefined ? {} : { instance: parts.instance }),
    }
    super({
      code: `workflow/${kind ?? 'raised'}`,
      message: parts.detail ?? parts.title ?? `the workflow failed with ${problem.type}`,
      data: {
        problem,
        ...(parts.retryAfterMs === undefined ? {} : { retryAfterMs: parts.retryAfterMs }),
      },
      cause: parts.cause,
      retry: parts.retry ?? 'never',
    })
    this.problem = problem
  }
}

/**
 * Any error as a problem: a workflow error's own; a timeout or a failure of HTTP as the kind it is; else `runtime`.
 *
 * @param instance - JSON pointer of the task; given to problems that name none
 */
export function problemOf(error: unknown, instance?: string): Problem {
  if (error instanceof WorkflowError) {
    const { problem } = error
    return instance === undefined || problem.instance !== undefined
      ? problem
      : { ...problem, instance }
  }
  const kind = error instanceof AppError ? kindOfCode(error.code) : 'runtime'
  return {
    type: problemType(kind),
    status: statusOf[kind],
    detail: error instanceof Error ? error.message : String(error),
    ...(instance === undefined ? {} : { instance }),
  }
}

function kindOf(type: string): ProblemKind | undefined {
  const name = type.startsWith(prefix) ? type.slice(prefix.length) : type
  return Object.hasOwn(statusOf, name) ? (name as ProblemKind) : undefined
}

const kindsOfCodes: Readonly<Record<string, ProblemKind>> = {
  'workflow/bad-input': 'validation',
  'workflow/bad-definition': 'configuration',
  'workflow/step-too-slow': 'timeout',
  'workflow/http-timeout': 'timeout',
  'workflow/http-bad-request': 'validation',
  'workflow/http-forbidden-host': 'configuration',
}

function kindOfCode(code: string): ProblemKind {
  const kind = kindsOfCodes[code]
  if (kind !== undefined) return kind
  return code.startsWith('workflow/http-') ? 'communication' : 'runtime'
}
