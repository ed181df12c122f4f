/** Runs calls of the language against servers of this machine. */

import { createGuardedHttp } from '../guarded-http.ts'
import { type OutsideCallOptions, outsideCalls } from '../outside-calls.ts'
import type { TestScope } from './local-server.ts'

/** The calls, over a client that may ask this machine. */
export function callsFor(t: TestScope, options: Partial<OutsideCallOptions> = {}) {
  const http = createGuardedHttp({ allowHosts: ['127.0.0.0/8'] })
  const calls = outsideCalls({ http, timeoutMs: 2_000, ...options })
  t.after(() => Promise.all([calls.stop(), http.stop()]))
  return calls.functions
}

/** Who asks in a test. */
export const context = {
  ...{ instanceId: 'i', step: '/do/0/s', attempt: 1, idempotencyKey: `0x${'ab'.repeat(32)}` },
  signal: new AbortController().signal,
} as const

/** What a problem has, for `assert.rejects`. */
export function problem(kind: string, status: number, more: object = {}) {
  return (error: {
    problem?: { type: string; status: number; detail?: string }
    retry?: string
  }) => {
    const found = error.problem
    if (found === undefined) throw error
    const type = `https://serverlessworkflow.io/spec/1.0.0/errors/${kind}`
    const wrong = Object.entries({ type, status }).filter(
      ([name, value]) => found[name as 'type'] !== value,
    )
    for (const [name, value] of Object.entries(more)) {
      const text = name === 'retry' ? error.retry : found.detail
      if (value instanceof RegExp ? !value.test(String(text)) : text !== value)
        wrong.push([name, value])
    }
    if (wrong.length > 0) throw new Error(`${JSON.stringify(found)} ${error.retry} lacks ${wrong}`)
    return true
  }
}
