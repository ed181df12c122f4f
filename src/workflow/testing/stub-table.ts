/** Stands for the functions that a workflow calls in a test: gives what the test says, and notes what was asked. */

import { AppError } from '../../base/app-error.ts'
import type { Timer } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import { compileTemplate } from '../../stream/jq.ts'
import type { ActionContext, ActionOutcome } from '../durable-context.ts'
import { type StepFunction, taskName } from '../workflow.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { Outcome } from './test-shapes.ts'

/** A call that a workflow made. */
export interface MadeCall {
  /** Name of the task. */
  readonly step: string
  /** What was called: `evm.send`, `function.invoke`. */
  readonly call: string
  readonly with: Json
}

type Stubs = Readonly<Record<string, Outcome | readonly Outcome[]>>

/** How long a stub that waits is left alone. */
const waitMs = 1_000

/** Functions by name; a stub is known by the name of the task, of the function that is invoked, or of the call. */
export class StubTable {
  readonly #stubs: Stubs
  readonly #timer: Timer
  readonly #defaults: Readonly<Record<string, StepFunction>>
  readonly #used = new Map<string, number>()
  readonly calls: MadeCall[] = []
  /** Calls that nobody had an answer for. */
  readonly missing: string[] = []

  constructor(
    stubs: Stubs,
    parts: { readonly timer: Timer; readonly defaults: Readonly<Record<string, StepFunction>> },
  ) {
    this.#stubs = stubs
    this.#timer = parts.timer
    this.#defaults = parts.defaults
  }

  /** Stubs that no call asked for. */
  get unused(): readonly string[] {
    return Object.keys(this.#stubs).filter((name) => !this.#used.has(name))
  }

  /** The functions of these names. */
  functions(names: readonly string[]): Readonly<Record<string, StepFunction>> {
    const all = [...new Set([...names, ...Object.keys(this.#defaults)])]
    return Object.fromEntries(
      all.map((name) => [name, (input, context) => this.#call(name, input, context)]),
    )
  }

  async #call(name: string, input: Json, context: ActionContext): Promise<ActionOutcome> {
    const step = taskName(context.step)
    this.calls.push({ step, call: name, with: input })
    const invoked = name === 'function.invoke' ? memberOf(input, 'function') : undefined
    const key = [step, invoked, name].find(
      (one) => one !== undefined && Object.hasOwn(this.#stubs, one),
    )
    if (key !== undefined) return this.#perform(this.#next(key), input, context)
    const usual = Object.hasOwn(this.#defaults, name) ? this.#defaults[name] : undefined
    if (usual) return usual(input, context)
    const wanted = invoked === undefined ? name : `${name} of "${invoked}"`
    const detail = `the test has no stub for ${wanted} of the step "${step}": give it one under stubs, as "${step}" or "${invoked ?? name}"`
    this.missing.push(detail)
    throw new WorkflowError({ type: 'configuration', title: 'No stub', detail })
  }

  /** The last outcome of a list stays. */
  #next(key: string): Outcome {
    const stub = this.#stubs[key] as Outcome | readonly Outcome[]
    const count = this.#used.get(key) ?? 0
    this.#used.set(key, count + 1)
    const list = Array.isArray(stub) ? (stub as readonly Outcome[]) : [stub as Outcome]
    return list[Math.min(count, list.length - 1)] as Outcome
  }

  async #perform(outcome: Outcome, input: Json, { signal }: ActionContext): Promise<ActionOutcome> {
    if (outcome.after !== undefined) await this.#pause(outcome.after, signal)
    if (outcome.never) {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    if (outcome.error !== undefined) throw new WorkflowError(outcome.error as { type: string })
    if (outcome.reverts !== undefined) {
      const message = `the transaction was reverted: ${outcome.reverts}`
      throw new AppError({ code: 'workflow/transaction-reverted', message })
    }
    if (outcome.fails !== undefined) {
      throw new AppError({ code: 'test/fails', message: outcome.fails, retry: outcome.retry })
    }
    if (outcome.waits !== undefined) {
      return { kind: 'waiting', reason: outcome.waits, retryAfterMs: waitMs }
    }
    return { kind: 'done', output: compileTemplate(outcome.answer ?? null)(input) }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#timer.after(ms, resolve)
      signal.addEventListener('abort', () => {
        cancel()
        reject(signal.reason)
      })
    })
  }
}

function memberOf(value: Json, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const member = (value as { readonly [name: string]: Json })[name]
  return typeof member === 'string' ? member : undefined
}
