/** Checks the check of JSON by a schema: what fits, what does not and where, and schemas that are refused. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../base/json-rpc.ts'
import { jsonSchemaCheck } from './json-schema.ts'

/** Schema, what fits it, and what does not with the fault it has. */
type Case = readonly [
  schema: Json,
  fits: readonly Json[],
  faults: readonly (readonly [Json, string])[],
]

const cases: readonly Case[] = [
  [true, [1, null], []],
  [false, [], [[1, '$ is not allowed']]],
  [{ type: 'integer' }, [1, 1.0, -2], [[1.5, '$ is not of the type integer']]],
  [{ type: ['string', 'null'] }, ['a', null], [[1, '$ is not of the type string or null']]],
  [
    { enum: [1, { a: 1, b: [2] }] },
    [1, { b: [2], a: 1 }],
    [[{ a: 1 }, '$ is none of the allowed values']],
  ],
  [{ const: { a: false } }, [{ a: false }], [[{ a: 0 }, '$ is not {"a":false}']]],
  [
    { minimum: 1, exclusiveMaximum: 3, multipleOf: 0.01 },
    [1, 2.35, 'text'],
    [
      [0, '$ is less than 1'],
      [3, '$ is not less than 3'],
      [1.005, '$ is no multiple of 0.01'],
    ],
  ],
  [
    { minLength: 2, maxLength: 2, pattern: '^.[a-c]' },
    ['xa', '😀b', 7],
    [
      ['😀', '$ is shorter than 2'],
      ['abc', '$ is longer than 2'],
      ['xd', '$ does not match ^.[a-c]'],
    ],
  ],
  [
    {
      prefixItems: [{ type: 'string' }],
      items: { type: 'number' },
      minItems: 1,
      uniqueItems: true,
    },
    [['a'], ['a', 1, 2], 'no list'],
    [
      [[], '$ has fewer items than 1'],
      [[1], '$[0] is not of the type string'],
      [['a', 'b'], '$[1] is not of the type number'],
      [['a', 1, 1], '$ has an item twice'],
    ],
  ],
  [
    { contains: { const: 1 }, minContains: 2, maxContains: 2 },
    [[1, 1]],
    [
      [[1], '$ has 1 items that fit contains'],
      [[1, 1, 1], '$ has 3 items that fit contains'],
    ],
  ],
  [
    {
      properties: { a: { type: 'number' } },
      patternProperties: { '^x': { type: 'string' } },
      ...{ additionalProperties: false, required: ['a'], maxProperties: 2 },
      propertyNames: { maxLength: 2 },
    },
    [{ a: 1 }, { a: 1, x1: 'y' }, []],
    [
      [{}, '$ lacks "a"'],
      [{ a: 'b' }, '$.a is not of the type number'],
      [{ a: 1, x: 1 }, '$.x is not of the type string'],
      [{ a: 1, b: 1 }, '$.b is not allowed'],
      [{ a: 1, xyz: 'y' }, '$: the name "xyz" is longer than 2'],
      [{ a: 1, x: 'y', xx: 'z' }, '$ has more fields than 2'],
      [JSON.parse('{"a":1,"__proto__":1}'), '$.__proto__ is not allowed'],
    ],
  ],
  [
    { allOf: [{ minimum: 1 }], anyOf: [{ type: 'string' }, { maximum: 5 }], not: { const: 3 } },
    ['a', 2],
    [
      [0, '$ is less than 1'],
      [6, '$ fits none of anyOf: $ is not of the type string'],
      [3, '$ fits what it must not'],
    ],
  ],
  [{ oneOf: [{ minimum: 1 }, { maximum: 2 }] }, [0, 3], [[1, '$ fits 2 of oneOf']]],
  [
    { if: { type: 'string' }, then: { maxLength: 1 }, else: { type: 'null' } },
    ['a', null],
    [
      ['ab', '$ is longer than 1'],
      [1, '$ is not of the type null'],
    ],
  ],
  [
    { $ref: '#/$defs/a~1tree', $defs: { 'a/tree': { items: { $ref: '#' }, type: 'array' } } },
    [[], [[], [[]]]],
    [[[[1]], '$[0][0] is not of the type array']],
  ],
]

test('values fit a schema, or their first fault is named with its place', () => {
  for (const [schema, fits, faults] of cases) {
    const check = jsonSchemaCheck(schema)
    for (const value of fits) {
      assert.equal(check(value, '$'), undefined, JSON.stringify([schema, value]))
    }
    for (const [value, fault] of faults) assert.equal(check(value, '$'), fault)
  }
})

test('what is no schema, or not understood, is refused with its place', () => {
  const refused: readonly (readonly [Json, string])[] = [
    [1, '# is no schema'],
    [{ properties: { a: [] } }, '#/properties/a is no schema'],
    [{ requierd: ['a'] }, '#/requierd is not understood'],
    [{ constructor: 1 }, '#/constructor is not understood'],
    [{ type: 'text' }, '#/type names the type "text"'],
    [{ minimum: '1' }, '#/minimum is no number'],
    [{ required: 'a' }, '#/required is no list'],
    [{ pattern: '(' }, '#/pattern is no regular expression'],
    [{ $ref: 'https://example.org/a' }, '#/$ref leads out of the schema'],
    [{ $ref: '#/$defs/a' }, '#/$defs/a leads nowhere'],
    [{ allOf: [{ unevaluatedItems: false }] }, '#/allOf/0/unevaluatedItems is not understood'],
  ]
  for (const [schema, message] of refused) {
    assert.throws(() => jsonSchemaCheck(schema), { code: 'rpc/bad-schema', message })
  }
})

test('a value that is nested without end by a schema that looks all the way down is a fault', () => {
  const check = jsonSchemaCheck({ items: { $ref: '#' } })
  let deep: Json = 1
  for (let level = 0; level < 100_000; level += 1) deep = [deep]
  assert.equal(check(deep, '$'), '$ is nested too deeply')
})
