/** Calls one function within its limits: so many at once, and not at all while it fails all the time. */

import { AppError } from '../../base/app-error.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Invocation } from '../functions.ts'
import { failuresOf } from './call-failures.ts'
import { CallSlots, type SlotOptions } from './call-slots.ts'
import { type CallVerdict, CircuitBreaker, type CircuitOptions } from './circuit-breaker.ts'

/** Limits of one function. */
export type GuardOptions = CircuitOptions & SlotOptions

/** What is said by each way to fail: a function that refuses has answered. */
const verdicts: Readonly<Record<string, CallVerdict>> = {
  'workflow/function-refused': 'good',
  'workflow/function-answer': 'good',
  'workflow/function-cancelled': 'unknown',
  'workflow/function-busy': 'unknown',
  'workflow/no-function': 'unknown',
}

/** The limits that stand before one function. */
export class GuardedCall {
  readonly #name: string
  readonly circuit: CircuitBreaker
  readonly slots: CallSlots

  constructor(
    name: string,
    options: GuardOptions,
    { clock, timer }: { clock: Clock; timer: Timer },
  ) {
    this.#name = name
    this.circuit = new CircuitBreaker(options, clock)
    this.slots = new CallSlots(options, timer)
  }

  get isIdle(): boolean {
    return this.slots.running === 0 && this.circuit.state === 'closed'
  }

  /**
   * Makes a call.
   *
   * @throws AppError `workflow/function-busy`, `workflow/function-circuit-open` with `data.retryAfterMs`, or as `run` does
   */
  async make(invocation: Invocation, run: () => Promise<Json>): Promise<Json> {
    const fail = failuresOf(this.#name)
    const why = await this.slots.enter(invocation.signal)
    if (why === 'interrupted') throw fail('function-cancelled', 'was interrupted while it waited')
    if (why !== undefined) {
      throw fail('function-busy', `has too much to do: ${this.slots.waiting} calls wait for it`)
    }
    try {
      return await this.#throughCircuit(run)
    } finally {
      this.slots.leave()
    }
  }

  async #throughCircuit(run: () => Promise<Json>): Promise<Json> {
    const entered = this.circuit.enter()
    if ('waitMs' in entered) {
      const retryAfterMs = Math.ceil(entered.waitMs)
      throw new AppError({
        code: 'workflow/function-circuit-open',
        message: `the function "${this.#name}" failed again and again; it is asked again in ${retryAfterMs} ms`,
        data: { retryAfterMs },
        retry: 'later',
      })
    }
    let verdict: CallVerdict = 'good'
    try {
      return await run()
    } catch (error) {
      verdict = (error instanceof AppError ? verdicts[error.code] : undefined) ?? 'bad'
      throw error
    } finally {
      this.circuit.left(verdict, entered)
    }
  }
}
