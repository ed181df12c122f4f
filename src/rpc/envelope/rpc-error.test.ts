/** Looks at what clients are told of failures. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../base/app-error.ts'
import { errorObject, rpcError } from './rpc-error.ts'

test('who comes at a bad time is told when to come again', () => {
  const code = 'txpool/overloaded'
  const busy = new AppError({ code, message: 'later', retry: 'later', data: { retryAfterMs: 700 } })
  const told = { code: -32_005, message: 'later', data: { retryAfterMs: 700 } }
  assert.deepEqual(errorObject(busy), told)
})

test('other failures have the code of geth, or their own, and what nobody planned is not shown', () => {
  const plain = new AppError({ code: 'txpool/full', message: 'txpool is full' })
  assert.deepEqual(errorObject(plain), { code: -32_000, message: 'txpool is full' })
  assert.deepEqual(errorObject(rpcError(3, 'reverted', '0x')), {
    ...{ code: 3, message: 'reverted', data: '0x' },
  })
  assert.equal(errorObject(new Error('a bug')), undefined)
})
