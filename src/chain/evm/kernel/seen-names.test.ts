/** Checks that names are read as they lie in memory, whatever was read before. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeenNames } from './seen-names.ts'

test('a name that was read before is the same object, and stays when memory changes', () => {
  const names = new SeenNames()
  const memory = new Uint8Array(64).map((_, at) => at)
  const first = names.read(memory, 5, 32)
  assert.deepEqual(first, memory.slice(5, 37))
  assert.equal(names.read(memory, 5, 32), first)
  memory[20] = 0xff
  // All that decides its place is as it was.
  const other = names.read(memory, 5, 32)
  assert.equal(other[15], 0xff)
  assert.equal(first[15], 20)
})

test('a longer name is not taken for a shorter one, and an address is turned round', () => {
  const names = new SeenNames()
  const memory = new Uint8Array(64)
  assert.equal(names.read(memory, 0, 32).length, 32)
  assert.equal(names.read(memory, 0, 20).length, 20)
  memory.set([1, 2, 3], 32)
  assert.equal(names.readAddress(memory, 32).toHex(), `${'00'.repeat(17)}030201`)
})
