/** Imports text of either kind to YAML that is a definition. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { importDefinition } from './import-definition.ts'
import { readDefinition } from './read-definition.ts'

const machine = {
  ...{ Comment: 'Two steps', StartAt: 'Add' },
  States: {
    Add: { Type: 'Pass', Parameters: { 'sum.$': 'States.MathAdd($.a, $.b)' }, Next: 'Large?' },
    'Large?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.sum', NumericGreaterThan: 10, Next: 'No' }],
      Default: 'Yes',
    },
    No: { Type: 'Fail', Error: 'TooLarge' },
    Yes: { Type: 'Succeed' },
  },
}

test('what comes out is a definition that the language takes', () => {
  const yaml = importDefinition(JSON.stringify(machine), 'asl')
  assert.equal(readDefinition(yaml, { functions: {} }).name, 'two-steps')
  assert.deepEqual(Object.keys(parse(yaml).do[0]), ['Add'])
})

test('definitions may be YAML themselves; unknown kinds and bad text are refused', () => {
  const text = 'StartAt: A\nStates:\n  A:\n    Type: Succeed\n'
  assert.deepEqual(parse(importDefinition(text, 'asl')).do, [{ A: { set: '${ . }', then: 'end' } }])
  assert.throws(() => importDefinition(text, 'bpmn'), { code: 'workflow/unknown-kind' })
  assert.throws(() => importDefinition('a: [', 'asl'), { code: 'workflow/bad-definition' })
})
