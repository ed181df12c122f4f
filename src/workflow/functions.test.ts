/** Checks what of a step becomes the call of a function. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { functionInvoke } from './functions.ts'

const invocation = { idempotencyKey: '0x01', signal: new AbortController().signal }

test('a name that is none, or a payload that is too long, reaches no provider', async () => {
  const step = functionInvoke({ invoke: async () => assert.fail('it was called') })
  const context = { ...invocation, instanceId: 'i', step: 's', attempt: 1 } as const
  const call = (input: object) => step({ ...input }, { ...context, idempotencyKey: '0x01' })
  for (const name of ['../double', '', 'a/b', 7]) {
    await assert.rejects(call({ function: name }), { code: 'workflow/bad-input' })
  }
  const payload = 'ü'.repeat(131_072)
  await assert.rejects(call({ function: 'f', payload }), { message: /262146 bytes/ })
})
