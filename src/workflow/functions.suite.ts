/** Tests what every provider of functions must do; each implementation runs it from its own test file. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FunctionProvider, Invocation } from './functions.ts'

/**
 * A provider that has these functions: `echo` gives `{payload, key}`, `until` its deadline, `refuse` refuses with "not this one", `later` asks to
 * be called later, `slow` never ends, `large` gives a text of 300,000 characters, `nojson` gives what is no JSON.
 */
export interface ProviderUnderTest {
  readonly provider: FunctionProvider
  /** Resolves when `slow` has begun; a provider that hears what functions write need not tell. */
  readonly slowBegins?: () => Promise<unknown>
  close(): Promise<void>
}

/** Declares the tests; `open` gives a provider whose calls may take so long. */
export function functionsSuite(
  name: string,
  open: (options: { readonly timeoutMs: number }) => Promise<ProviderUnderTest>,
): void {
  describe(`${name} is a provider of functions`, () => {
    let one: ProviderUnderTest
    before(async () => {
      one = await open({ timeoutMs: 60_000 })
    })
    after(() => one.close())
    const call = (of: string, payload: object = {}, given: Partial<Invocation> = {}) => {
      const { signal } = new AbortController()
      return one.provider.invoke(of, { ...payload }, { idempotencyKey: '0x01', signal, ...given })
    }

    test('a function gets payload and idempotency key, and its JSON is the result', async () => {
      const payload = { text: 'Grüße, 世界', list: [1, null, true], big: '9007199254740993' }
      const idempotencyKey = `0x${'ab'.repeat(32)}`
      for (const _ of [1, 2]) {
        const result = await call('echo', payload, { idempotencyKey })
        assert.deepEqual(result, { payload, key: idempotencyKey })
      }
    })

    test('a function is told until when it is waited for, by its provider or by the caller', async () => {
      const beganMs = Date.now()
      const ownMs = Date.parse(String(await call('until')))
      assert.ok(ownMs >= beganMs + 60_000 && ownMs <= Date.now() + 60_000)
      const deadlineMs = beganMs + 30_000
      assert.equal(Date.parse(String(await call('until', {}, { deadlineMs }))), deadlineMs)
    })

    test('calls at the same time keep to themselves', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) => call('echo', { n }, { idempotencyKey: `0x${n}` })),
      )
      const wanted = results.map((_, n) => ({ payload: { n }, key: `0x${n}` }))
      assert.deepEqual(results, wanted)
    })

    test('a refusal is final, a request for later is not', async () => {
      await assert.rejects(call('refuse'), {
        code: 'workflow/function-refused',
        retry: 'never',
        message: /"refuse".*not this one/,
      })
      await assert.rejects(call('later'), { code: 'workflow/function-failed', retry: 'later' })
    })

    test('a function that is not there is told by name', async () => {
      await assert.rejects(call('absent'), {
        code: 'workflow/no-function',
        retry: 'never',
        message: /"absent"/,
      })
    })

    test('an answer that is too long, or no JSON, is final', async () => {
      await assert.rejects(call('large'), {
        code: 'workflow/function-answer',
        retry: 'never',
        message: /over 262144 bytes/,
      })
      await assert.rejects(call('nojson'), { code: 'workflow/function-answer', retry: 'never' })
    })

    test('a function that never ends ends with its time, or with that of the caller', async () => {
      const hasty = await open({ timeoutMs: 200 })
      const late = { code: 'workflow/function-timeout', retry: 'later' }
      const { signal } = new AbortController()
      try {
        const slow = hasty.provider.invoke('slow', {}, { idempotencyKey: '0x01', signal })
        await assert.rejects(slow, { ...late, message: /longer than 200 ms/ })
      } finally {
        await hasty.close()
      }
      await assert.rejects(call('slow', {}, { deadlineMs: Date.now() + 200 }), late)
    })

    test('a caller that ends its calls itself is left to do so at its deadline', async () => {
      const bounds = { deadlineMs: Date.now() + 50, patienceMs: 60_000 }
      const signal = AbortSignal.timeout(300)
      const cancelled = { code: 'workflow/function-cancelled' }
      await assert.rejects(call('slow', {}, { ...bounds, signal }), cancelled)
    })

    test('a call that is interrupted ends at once, whether or not it has begun', async () => {
      const cancelled = { code: 'workflow/function-cancelled', retry: 'later' }
      const before = new AbortController()
      before.abort()
      await assert.rejects(call('slow', {}, { signal: before.signal }), cancelled)

      const { promise: heard, resolve } = Promise.withResolvers<void>()
      const under = new AbortController()
      const running = call('slow', {}, { signal: under.signal, log: () => resolve() })
      await Promise.race([heard, one.slowBegins?.() ?? heard, running])
      under.abort()
      await assert.rejects(running, cancelled)
    })

    test('after all that it still answers', async () => {
      assert.deepEqual(await call('echo'), { payload: {}, key: '0x01' })
    })
  })
}
