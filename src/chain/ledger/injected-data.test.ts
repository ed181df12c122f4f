/** Checks the form in which data land in transactions. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '../../base/bytes.ts'
import {
  dataAddress,
  decodeInjectedData,
  encodeInjectedData,
  isJsonType,
  isMediaType,
} from './injected-data.ts'
import { encodeRlp } from './rlp.ts'

const ascii = (text: string) => new TextEncoder().encode(text)

test('the address is that of the documentation', () => {
  assert.equal(toHex(dataAddress), '0x5175616e74756d53747265616d2e646174612f31')
})

test('data are read as they were written', () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  const schema = fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined })
  fc.assert(
    fc.property(bytes, schema, (content, hash) => {
      const data = { mediaType: 'text/plain; charset=utf-8', schema: hash, content }
      assert.deepEqual(decodeInjectedData(encodeInjectedData(data)), data)
    }),
  )
})

test('other calldata are no data', () => {
  const none = new Uint8Array()
  const other = [
    none,
    Uint8Array.of(0x80),
    ascii('hello'),
    encodeRlp([ascii('text/plain'), none]),
    encodeRlp([ascii('text/plain'), none, none, none]),
    encodeRlp([ascii('text'), none, none]),
    encodeRlp([ascii(`text/${'x'.repeat(400)}`), none, none]),
    encodeRlp([ascii('text/plain'), Uint8Array.of(1), none]),
    encodeRlp([ascii('text/plain'), none, [none]]),
    Uint8Array.of(...encodeRlp([ascii('text/plain'), none, none]), 0),
  ]
  for (const calldata of other) assert.equal(decodeInjectedData(calldata), undefined)
})

test('media types are told from other text', () => {
  for (const one of ['text/plain', 'application/ld+json', 'a/b;c=d', 'a/b; c="d e"; f=g'])
    assert.ok(isMediaType(one), one)
  for (const one of ['', 'text', 'text/', '/plain', 'a/b;', 'a/b; c', 'a/b c', 'a/b\n', 'ä/b'])
    assert.ok(!isMediaType(one), one)
  assert.ok(!isMediaType(`a/${'b'.repeat(127)}`))
  for (const one of ['application/json', 'Application/JSON; charset=utf-8', 'a/b+json'])
    assert.ok(isJsonType(one), one)
  for (const one of ['text/json', 'application/json5', 'application/jsonl'])
    assert.ok(!isJsonType(one), one)
})
