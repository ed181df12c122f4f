/** Checks imported definitions against the schema of the workflow language. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { parse } from 'yaml'
import { importDefinition } from '../../src/workflow/import-definition.ts'
import { readDefinition } from '../../src/workflow/read-definition.ts'
import { plainFile, skipVectors } from './vectors.ts'

const lambda = 'arn:aws:lambda:eu-central-1:123456789012:function:work'
const task = (more: object) => ({ Type: 'Task', Resource: lambda, ...more })
const machine = {
  ...{ Comment: 'Every kind of state', StartAt: 'Work', TimeoutSeconds: 60 },
  States: {
    Work: task({
      Retry: [{ ErrorEquals: ['States.Timeout'], BackoffRate: 1, JitterStrategy: 'FULL' }],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Wait' }],
      ...{ TimeoutSeconds: 5, Next: 'Each' },
    }),
    Each: {
      ...{ Type: 'Map', ItemsPath: '$.items', Next: 'Both' },
      Iterator: { StartAt: 'One', States: { One: task({ End: true }) } },
    },
    Both: {
      ...{ Type: 'Parallel', Next: 'Call', ResultPath: '$.both' },
      Branches: [{ StartAt: 'One', States: { One: { Type: 'Pass', End: true } } }],
    },
    Call: {
      ...{ Type: 'Task', Resource: 'arn:aws:states:::http:invoke', Next: 'Child' },
      Parameters: { ApiEndpoint: 'https://example.org/', Method: 'GET' },
    },
    Child: {
      ...{ Type: 'Task', Resource: 'arn:aws:states:::states:startExecution.sync:2', Next: 'Which' },
      Parameters: { StateMachineArn: 'arn:aws:states:eu:1:stateMachine:Other', 'Input.$': '$' },
    },
    Which: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: true, Next: 'Done' }] },
    Wait: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Bad' },
    Bad: { Type: 'Fail', Error: 'Bad', Cause: 'because' },
    Done: { Type: 'Succeed' },
  },
}
const monitor = {
  ...{ name: 'Watch', networks: ['mainnet'], addresses: [{ address: '0x01' }], triggers: ['mail'] },
  match_conditions: { events: [{ signature: 'Paused(address)', expression: 'account != 0x00' }] },
}

test('imported definitions fit the published schema, and the language takes them', {
  skip: skipVectors(),
}, async () => {
  const schema = JSON.parse(await readFile(plainFile('workflow/workflow.schema.json'), 'utf8'))
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  const validate = ajv.compile(schema)
  for (const [source, kind] of [
    [machine, 'asl'],
    [monitor, 'defender'],
  ] as const) {
    const text = importDefinition(JSON.stringify(source), kind)
    const definition = parse(text)
    assert.ok(validate(definition), JSON.stringify(validate.errors))
    readDefinition(text, { functions: {} })
  }
})
