/** Reads errors as the problems that a workflow catches. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import { problemOf, WorkflowError } from './workflow-error.ts'

const type = (kind: string) => `https://serverlessworkflow.io/spec/1.0.0/errors/${kind}`

test('a standard kind, by name or by URI, has its type, status and code', () => {
  for (const name of ['timeout', type('timeout')]) {
    const error = new WorkflowError({ type: name, detail: 'too slow', retry: 'later' })
    assert.deepEqual(error.problem, { type: type('timeout'), status: 408, detail: 'too slow' })
    assert.deepEqual(
      [error.code, error.retry, error.message],
      ['workflow/timeout', 'later', 'too slow'],
    )
  }
  assert.equal(new WorkflowError({ type: 'communication' }).problem.status, 500)
  assert.equal(new WorkflowError({ type: 'communication', status: 404 }).problem.status, 404)
})

test('a type of a workflow is its own', () => {
  const error = new WorkflowError({ type: 'https://example.com/errors/broke', title: 'Broke' })
  assert.deepEqual(error.problem, { ...error.problem, status: 500, title: 'Broke' })
  assert.equal(error.code, 'workflow/raised')
})

test('any error is a problem, and the task is named unless the error names one', () => {
  const own = new WorkflowError({ type: 'runtime', instance: '/do/0/a' })
  assert.equal(problemOf(own, '/do/1/b').instance, '/do/0/a')
  assert.equal(problemOf(new WorkflowError({ type: 'runtime' }), '/do/1/b').instance, '/do/1/b')
  const of = (code: string) => problemOf(new AppError({ code, message: 'm' }), '/do/0/a')
  assert.deepEqual(of('workflow/http-unreachable'), {
    ...{ type: type('communication'), status: 500, detail: 'm', instance: '/do/0/a' },
  })
  assert.equal(of('workflow/http-timeout').type, type('timeout'))
  assert.equal(of('workflow/bad-input').type, type('validation'))
  assert.equal(of('store/unavailable').type, type('runtime'))
  assert.equal(problemOf(new Error('x')).detail, 'x')
  assert.equal(problemOf('y').detail, 'y')
})
