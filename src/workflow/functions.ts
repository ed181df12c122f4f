/** Describes providers of functions, and gives workflows the step that calls them. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type { StepFunction } from './workflow.ts'

/** Why and for how long a function is called. */
export interface Invocation {
  /** The same for each attempt of one step. */
  readonly idempotencyKey: string
  readonly signal: AbortSignal
}

/** Runs functions by name. */
export interface FunctionProvider {
  /** @throws AppError with retry `later` for what may pass, `never` for the function's own refusal */
  invoke(name: string, payload: Json, invocation: Invocation): Promise<Json>
}

/** Largest payload and result of a function, in bytes of JSON. */
export const maxFunctionBytes = 256 * 1024

/** The step `function.invoke`: `{function, payload}`. */
export function functionInvoke(provider: FunctionProvider): StepFunction {
  return async (input, { idempotencyKey, signal }) => {
    const fields = (input ?? {}) as { readonly function?: Json; readonly payload?: Json }
    const { function: name, payload = null } = fields
    if (typeof name !== 'string' || !/^[a-zA-Z][\w-]{0,62}$/.test(name)) {
      const message = `"${String(name)}" is no name of a function`
      throw new AppError({ code: 'workflow/bad-input', message })
    }
    const { length } = JSON.stringify(payload)
    if (length > maxFunctionBytes) {
      const message = `the payload for "${name}" has ${length} bytes, over the limit of ${maxFunctionBytes}`
      throw new AppError({ code: 'workflow/bad-input', message })
    }
    const output = await provider.invoke(name, payload, { idempotencyKey, signal })
    return { kind: 'done', output }
  }
}
