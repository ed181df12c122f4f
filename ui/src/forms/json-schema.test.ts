/** Fills in forms of JSON Schemas. */

import { describe, expect, test } from 'vitest'
import { answerOf, fieldsOf, readField } from './json-schema.ts'

describe('a form of a JSON Schema', () => {
  const form = {
    type: 'object',
    required: ['approved', 'amount'],
    properties: {
      approved: { type: 'boolean', title: 'Shall it be paid?' },
      amount: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
      way: { enum: ['card', 7] },
      note: { type: 'string', maxLength: 5, description: 'For the books' },
      rest: { type: 'array' },
    },
  }
  const fields = fieldsOf(form)

  test('has a field for each property, and what is required', () => {
    expect(fields.map(({ label, kind, isRequired }) => [label, kind, isRequired])).toEqual([
      ...[
        ['Shall it be paid?', 'flag', true],
        ['amount', 'whole', true],
      ],
      ...[
        ['way', 'choice', false],
        ['note', 'text', false],
        ['rest', 'json', false],
      ],
    ])
    expect(fieldsOf(null).map(({ name, kind }) => [name, kind])).toEqual([['', 'json']])
    expect(fieldsOf({ type: 'string', maxLength: 900 })[0]?.kind).toBe('long-text')
  })

  test('gives the answer in the types of its schema, without what was left out', () => {
    const texts = { approved: 'true', way: '1', note: 'hm', rest: '[1]' }
    expect(answerOf(fields, texts)).toEqual({
      value: { approved: true, amount: 3, way: 7, note: 'hm', rest: [1] },
    })
    expect(answerOf(fields, { approved: 'false' })).toEqual({
      value: { approved: false, amount: 3 },
    })
    expect(answerOf(fieldsOf({ type: 'number' }), { '': '1.5' })).toEqual({ value: 1.5 })
  })

  test('says what is wrong with a field, and gives no answer then', () => {
    expect(answerOf(fields, {})).toBeUndefined()
    const problem = (at: number, text: string) => {
      const field = fields[at]
      const reading = field && readField(field, text)
      return reading && 'problem' in reading ? reading.problem : undefined
    }
    expect([problem(1, 'x'), problem(1, '1.5'), problem(1, '0'), problem(1, '10')]).toEqual([
      ...['Write a number.', 'Write a whole number.', 'At least 1.', 'At most 9.'],
    ])
    expect([problem(0, ''), problem(3, '123456'), problem(4, '{')]).toEqual([
      ...['Choose yes or no.', 'At most 5 characters.', 'This is no JSON.'],
    ])
  })
})
