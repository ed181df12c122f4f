/** Checks how rows are written as CSV and as lines of JSON. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csv, jsonLines } from './row-texts.ts'

const row = {
  a: 'x, "y"\r\nz',
  b: '',
  c: null,
  d: true,
  e: { f: [1] },
  g: '115792089237316195423570985008687907853269984665640564039457584007913129639935',
}

test('CSV quotes what needs it, and tells no value from an empty text', () => {
  const text = csv(Object.keys(row), { withCursors: true, withHead: true })
  assert.equal(text.head, 'a,b,c,d,e,g,qs_cursor\r\n')
  assert.equal(
    text.line({ row, cursor: 'abc' }),
    `"x, ""y""\r\nz","",,true,"{""f"":[1]}",${row.g},abc\r\n`,
  )
  assert.equal(csv(['a'], { withCursors: false, withHead: false }).head, '')
})

test('a line of JSON is the row, with its cursor where that is wanted', () => {
  assert.deepEqual(JSON.parse(jsonLines(false).line({ row, cursor: 'abc' })), row)
  assert.deepEqual(JSON.parse(jsonLines(true).line({ row, cursor: 'abc' })), {
    ...row,
    qs_cursor: 'abc',
  })
})
