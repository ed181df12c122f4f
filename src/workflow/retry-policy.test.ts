/** Checks what follows a failure: how often a step is asked again, and after which pause. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import { afterFailure, defaultRetry } from './retry-policy.ts'

const failure = (retry: 'never' | 'now' | 'later', retryAfterMs?: unknown) =>
  new AppError({ code: 'test/failed', message: 'no', retry, data: { retryAfterMs } })
const after = (error: unknown, attempt = 1) =>
  afterFailure(error, attempt, { retry: defaultRetry, random: 1 })

test('pauses double up to a minute, and end after the last attempt', () => {
  assert.deepEqual(after(new Error('any')), { kind: 'retrying', pauseMs: 250 })
  assert.deepEqual(after(failure('later'), 3), { kind: 'retrying', pauseMs: 1_000 })
  assert.deepEqual(after(failure('later'), 19), { kind: 'retrying', pauseMs: 60_000 })
  assert.deepEqual(after(failure('later'), 20), { kind: 'failed' })
  assert.deepEqual(after(failure('now'), 5), { kind: 'retrying', pauseMs: 0 })
  assert.deepEqual(after(failure('never')), { kind: 'failed' })
})

test('a server that says when to ask again is not asked before, up to a day', () => {
  assert.deepEqual(after(failure('later', 7_000)), { kind: 'retrying', pauseMs: 7_000 })
  assert.deepEqual(after(failure('later', 100)), { kind: 'retrying', pauseMs: 250 })
  assert.deepEqual(after(failure('later', 1e12)), { kind: 'retrying', pauseMs: 86_400_000 })
  for (const nonsense of ['soon', -5, Number.NaN, null]) {
    assert.deepEqual(after(failure('later', nonsense)), { kind: 'retrying', pauseMs: 250 })
  }
})
