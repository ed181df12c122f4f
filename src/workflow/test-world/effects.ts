/** Records what the functions of a test do, by idempotency key. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { canonicalJson } from '../language/canonical.ts'
import type { ActionFunction } from '../language/compiler.ts'

/** Functions of a test that record what they did, by idempotency key. */
export class Effects {
  /** What was done under which key; a key that was asked twice must be asked the same. */
  readonly done = new Map<string, { readonly name: string; readonly input: Json }>()
  /** Every call, in order. */
  readonly calls: string[] = []

  /** A function that gives what `answer` makes of its input. */
  function(
    name: string,
    answer: (input: Json, call: number) => Json | Promise<Json>,
  ): ActionFunction {
    return async (input, { idempotencyKey }) => {
      this.calls.push(name)
      const before = this.done.get(idempotencyKey)
      if (before !== undefined && canonicalJson(before.input) !== canonicalJson(input)) {
        throw new AppError({ code: 'test/differs', message: `${name} was asked otherwise before` })
      }
      const call = this.calls.filter((one) => one === name).length
      const output = await answer(input, call)
      this.done.set(idempotencyKey, { name, input })
      return { kind: 'done', output }
    }
  }

  /** What was done, in the order of names. */
  list(): string[] {
    return [...this.done.values()]
      .map(({ name, input }) => `${name} ${canonicalJson(input)}`)
      .sort()
  }
}
