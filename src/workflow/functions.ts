/** Describes providers of functions, and gives workflows the step that calls them. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type { StepFunction } from './workflow.ts'

/** Why and for how long a function is called. */
export interface Invocation {
  /** The same for each attempt of one step. */
  readonly idempotencyKey: string
  /** Ends the call: its result is no longer wanted. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch after which nobody waits for the result. */
  readonly deadlineMs?: number
  /** For how long after that the call is left to its signal, which says better why it ends; default 0. */
  readonly patienceMs?: number
  /** The W3C's, where traces are kept. */
  readonly traceparent?: string | undefined
  /** Hears what the function writes while it runs; what a provider cannot tell stays unheard. */
  readonly log?: (line: LogLine) => void
}

/** One line that a function wrote. */
export interface LogLine {
  readonly atMs: number
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly text: string
}

/** Where functions run. */
export type ProviderKind = 'local' | 'http' | 'aws' | 'google' | 'azure'

/**
 * Runs functions by name; `functions.suite.ts` holds the tests of this contract.
 *
 * A call ends with the function's JSON or with an AppError: `workflow/no-function` (there is none of that name),
 * `workflow/function-refused` (the function says no, for good), `workflow/function-failed` (later it may go well),
 * `workflow/function-timeout` and `workflow/function-cancelled` (it may have run), `workflow/function-busy`,
 * `workflow/function-answer` (too long, or no JSON), `workflow/function-memory`.
 */
export interface FunctionProvider {
  readonly kind: ProviderKind
  invoke(name: string, payload: Json, invocation: Invocation): Promise<Json>
  /** Absent where functions are deployed by other means. */
  readonly management?: FunctionManagement
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>
}

/** Puts functions where they run, and looks after them. */
export interface FunctionManagement {
  list(): Promise<readonly DeployedFunction[]>
  /** @throws AppError `workflow/no-function` */
  describe(name: string): Promise<FunctionDetail>
  /**
   * Makes a version and sends calls to it; resolves when it takes them.
   *
   * @throws AppError `workflow/bad-function`
   */
  deploy(name: string, source: FunctionSource): Promise<DeployedFunction>
  /** Sends calls to a version that is still there; @throws AppError `workflow/no-function`, `workflow/no-version` */
  activate?(name: string, version: string): Promise<DeployedFunction>
  /** @throws AppError `workflow/no-function` */
  remove(name: string): Promise<void>
  /** The last lines, oldest first; absent where only calls from here tell them. */
  logs?(name: string, limit: number): Promise<readonly LogLine[]>
}

/** What is deployed. */
export interface FunctionSource {
  /** Contents by path within the function's folder, such as `main.js`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly manifest: FunctionManifest
}

/** What a function says of itself, in `function.json` beside its files. */
export interface FunctionManifest {
  /** The file whose default export is called; the only one, or `main.js` or `main.ts`, unless said. */
  readonly main?: string
  /** Longest run; default 10,000. */
  readonly timeoutMs?: number
  /** Default 64 for local ones, 128 elsewhere. */
  readonly memoryMb?: number
  /** Whether a local function may use the network; default no. */
  readonly network?: boolean
  /** Of a cloud, such as `nodejs24.x`, `python3.14`, `go126`. */
  readonly runtime?: string
  /** What a cloud calls, such as `main.handler`. */
  readonly handler?: string
}

/** One function as a provider knows it. */
export interface DeployedFunction {
  readonly name: string
  /** The one that is called; `undefined` where the provider has no versions. */
  readonly version: string | undefined
  readonly runtime: string | undefined
  /** Milliseconds since the epoch. */
  readonly deployedAtMs: number | undefined
  /** `active`, or what keeps it from taking calls. */
  readonly state: string
}

/** A function with the versions that are kept, newest first. */
export interface FunctionDetail extends DeployedFunction {
  readonly versions: readonly FunctionVersion[]
}

/** One version of a function. */
export interface FunctionVersion {
  readonly version: string
  readonly atMs: number | undefined
  /** Of its files, or of the archive. */
  readonly bytes: number | undefined
  readonly isCurrent: boolean
}

/** Largest payload and result of a function, in bytes of JSON. */
export const maxFunctionBytes = 256 * 1024

/** What a name of a function looks like. */
export const functionName = /^[a-zA-Z][\w-]{0,62}$/

/** Time in which a workflow, whose deadline has come, ends its calls itself. */
const patienceMs = 1_000

/** The step `function.invoke`: `{function, payload}`. */
export function functionInvoke(provider: Pick<FunctionProvider, 'invoke'>): StepFunction {
  return async (input, { idempotencyKey, deadlineMs, traceparent, signal }) => {
    const fields = (input ?? {}) as { readonly function?: Json; readonly payload?: Json }
    const { function: name, payload = null } = fields
    assertCall(name, payload)
    const bounds = deadlineMs === undefined ? {} : { deadlineMs, patienceMs }
    const invocation = { idempotencyKey, traceparent, signal, ...bounds }
    const output = await provider.invoke(name, payload, invocation)
    return { kind: 'done', output }
  }
}

/** Refuses what is no call before anybody is asked; @throws AppError `workflow/bad-input` */
export function assertCall(name: unknown, payload: Json): asserts name is string {
  if (typeof name !== 'string' || !functionName.test(name)) {
    const message = `"${String(name)}" is no name of a function`
    throw new AppError({ code: 'workflow/bad-input', message })
  }
  const length = Buffer.byteLength(JSON.stringify(payload))
  if (length > maxFunctionBytes) {
    const message = `the payload for "${name}" has ${length} bytes, over the limit of ${maxFunctionBytes}`
    throw new AppError({ code: 'workflow/bad-input', message })
  }
}
