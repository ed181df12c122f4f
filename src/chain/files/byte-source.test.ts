/** Checks that a file is given byte for byte, however it is asked for, and that its end is told. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { equalBytes } from '../../base/bytes.ts'
import { ByteSource } from './byte-source.ts'

async function fileOf(t: Pick<TestContext, 'after'>, bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-source-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'file')
  await writeFile(file, bytes)
  return file
}

test('bytes come in order across the windows that are read, looked at or taken', async (t) => {
  const bytes = Uint8Array.from({ length: 900_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff)
  const file = await fileOf(t, bytes)
  const step = fc.record({ take: fc.boolean(), count: fc.nat(400_000) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const source = await ByteSource.open(file)
      let at = 0
      for (const { take, count } of steps) {
        assert.equal(source.position, at)
        const expected = bytes.subarray(at, at + count)
        if (!take) assert.ok(equalBytes(await source.peek(count), expected))
        else if (expected.length < count) {
          await assert.rejects(source.take(count), {
            code: 'chain/bad-file',
            message: /ends within/,
          })
        } else {
          assert.ok(equalBytes(await source.take(count), expected))
          at += count
        }
      }
      await source.close()
    }),
    { numRuns: 30 },
  )
})

test('an empty file has no bytes, and a missing one cannot be opened', async (t) => {
  const file = await fileOf(t, new Uint8Array())
  const source = await ByteSource.open(file)
  assert.equal((await source.peek(9)).length, 0)
  await source.close()
  await assert.rejects(ByteSource.open(`${file}.none`), { code: 'chain/no-file' })
})
