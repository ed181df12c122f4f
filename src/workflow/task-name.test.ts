/** Lines of a journal go by the names of their tasks. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { taskName } from './workflow.ts'

test('a line goes by the name of its task, in whatever visit; what a function does by that of the task which calls it', () => {
  const names = {
    '/do/1/pay': 'pay',
    '/do/1/pay#visit/2': 'pay',
    '/do/2/each#for/3/do/0/pay': 'pay',
    '/do/1/ordered/function': 'ordered',
    '/do/1/ordered#visit/2/function': 'ordered',
    '/do/1/ordered/function/do/0/send': 'send',
    '/do/1/function': 'function',
    '/do/1/function/function': 'function',
  }
  for (const [step, name] of Object.entries(names)) assert.equal(taskName(step), name, step)
})
