/** Definitions are checked as a node reads them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkWorkflow } from './workflow-folder.ts'

const definition = (task: string) => `
document: { dsl: 1.0.3, namespace: default, name: outside, version: 1.0.0 }
do:
  - one: ${task}
`

test('what is elsewhere is left to the node that gets it', () => {
  const call = definition('{ call: "https://a.example/function.yaml" }')
  assert.equal(checkWorkflow(call, 'a.workflow.yaml').steps, 1)
  const inCatalog = () => checkWorkflow(definition('{ call: "log:1.0.0@mine" }'), 'a.yaml')
  assert.throws(inCatalog, /"log:1.0.0@mine" is in no catalog of this definition/)
})

test('a definition that asks servers or runs programs is checked as valid', () => {
  const tasks = [
    '{ call: http, with: { method: get, endpoint: https://example.com } }',
    '{ run: { script: { language: js, code: "1" } } }',
    '{ call: evm.read, with: { read: height } }',
    '{ call: identity.verify, with: { message: hi, signature: "0x", signer: "0x" } }',
    '{ call: oracle.answer, with: { answers: [], quorum: 1 } }',
  ]
  for (const task of tasks) {
    assert.deepEqual(checkWorkflow(definition(task), 'a.workflow.yaml'), {
      ...{ name: 'outside', steps: 1 },
    })
  }
  const unknown = () => checkWorkflow(definition('{ call: evm.sned, with: {} }'), 'a.yaml')
  assert.throws(unknown, /"evm.sned" is unknown; known are .*http/)
})
