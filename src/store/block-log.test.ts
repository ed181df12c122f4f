/** Tears, flips and kills a block log, and checks what a new start finds. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { openBlockLog } from './block-log.ts'

/** Of the file. */
const headBytes = 20

describe('a block log', () => {
  let folder: string
  let file: string
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'qs-log-'))
    file = path.join(folder, 'blocks.log')
  })
  beforeEach(() => rm(file, { force: true }))
  after(() => rm(folder, { recursive: true }))

  async function contents(): Promise<{ records: string[]; cut: number }> {
    const records: string[] = []
    let cut = 0
    const visit = (payload: Uint8Array) => void records.push(payload.toHex())
    const noteCut = (bytes: number) => {
      cut += bytes
    }
    const log = await openBlockLog({ path: file, visit, cut: noteCut })
    await log.close()
    return { records, cut }
  }

  async function write(...payloads: number[][]): Promise<void> {
    const log = await openBlockLog({ path: file, visit: () => {} })
    for (const payload of payloads) await log.append(Uint8Array.from(payload))
    await log.close()
  }

  test('gives back what was appended, by visit and by position', async () => {
    const log = await openBlockLog({ path: file, visit: () => assert.fail('nothing is there') })
    const positions = await Promise.all(
      [[1], [], [3, 3]].map((one) => log.append(Uint8Array.from(one))),
    )
    assert.deepEqual(log.read(positions[2] ?? 0), Uint8Array.of(3, 3))
    assert.deepEqual(log.peek(positions[2] ?? 0, 1), Uint8Array.of(3))
    await log.close()
    assert.deepEqual(await contents(), { records: ['01', '', '0303'], cut: 0 })
  })

  test('forgets what lies behind an earlier end, and goes on from there', async () => {
    const log = await openBlockLog({ path: file, visit: () => {} })
    const first = await log.append(Uint8Array.of(1))
    const end = log.end()
    assert.equal(log.behind(first), end)
    const second = await log.append(Uint8Array.of(2, 2, 2))
    await Promise.all([log.cutTo(end), log.append(Uint8Array.of(3))])
    assert.deepEqual(log.read(second), Uint8Array.of(3))
    await log.close()
    assert.deepEqual(await contents(), { records: ['01', '03'], cut: 0 })
  })

  test('has the name of a new file on disk before anything is acknowledged', async (t) => {
    const probe = await open(folder)
    const handles: FileHandle = Object.getPrototypeOf(probe)
    const { sync } = handles
    const synced: boolean[] = []
    t.mock.method(handles, 'sync', async function (this: FileHandle) {
      synced.push((await this.stat()).isDirectory())
      await sync.call(this)
    })
    await probe.close()
    await write()
    assert.deepEqual(synced, [false, true])
    await write([1])
    assert.equal(synced.length, 2)
  })

  test('cuts off a record that was torn at any byte, and goes on', async () => {
    await write([1, 2, 3], [4, 5, 6])
    const whole = await readFile(file)
    const single = (whole.length - headBytes) / 2
    for (let length = whole.length - single; length < whole.length; length += 1) {
      await writeFile(file, whole.subarray(0, length))
      assert.deepEqual((await contents()).records, ['010203'], `torn at ${length}`)
      await write([7])
      assert.deepEqual((await contents()).records, ['010203', '07'])
    }
  })

  test('takes a last record with any byte flipped as torn', async () => {
    await write([1, 2, 3], [4, 5, 6])
    const whole = await readFile(file)
    for (let at = whole.length - (whole.length - headBytes) / 2; at < whole.length; at += 1) {
      const flipped = Uint8Array.from(whole)
      flipped[at] = (flipped[at] ?? 0) ^ 0x10
      await writeFile(file, flipped)
      assert.deepEqual((await contents()).records, ['010203'], `flipped at ${at}`)
    }
  })

  test('refuses a fault with sound records behind it, and says where', async () => {
    await write([1, 2, 3], [4, 5, 6])
    const whole = await readFile(file)
    for (let at = headBytes; at < headBytes + (whole.length - headBytes) / 2; at += 1) {
      const flipped = Uint8Array.from(whole)
      flipped[at] = (flipped[at] ?? 0) ^ 0x10
      await writeFile(file, flipped)
      await assert.rejects(contents(), { code: 'store/damaged-log', message: /at byte 20/ })
    }
  })

  test('cuts off a torn record whose payload looks like whole records', async () => {
    await write([1])
    const foreign = (await readFile(file)).subarray(headBytes)
    await rm(file)
    await write([2], [...foreign, 9])
    const torn = await readFile(file)
    await writeFile(file, torn.subarray(0, -1))
    assert.deepEqual((await contents()).records, ['02'])
  })

  test('refuses a head with any byte flipped, and begins an unfinished one anew', async () => {
    await write([1], [2])
    const whole = await readFile(file)
    for (let at = 0; at < headBytes; at += 1) {
      const flipped = Uint8Array.from(whole)
      flipped[at] = (flipped[at] ?? 0) ^ 0x10
      await writeFile(file, flipped)
      await assert.rejects(contents(), { message: /damaged|later version/ }, `flipped at ${at}`)
    }
    for (let length = 0; length < headBytes; length += 1) {
      await writeFile(file, whole.subarray(0, length))
      await write([3])
      assert.deepEqual((await contents()).records, ['03'])
    }
  })

  test('refuses what is no block log, or of a later version', async () => {
    await writeFile(file, 'something else entirely')
    await assert.rejects(contents(), { code: 'store/damaged-log' })
    await rm(file)
    await write([1])
    const whole = await readFile(file)
    whole[7] = 2
    await writeFile(file, whole)
    await assert.rejects(contents(), { code: 'store/newer-log' })
    const absent = path.join(folder, 'absent', 'blocks.log')
    await assert.rejects(openBlockLog({ path: absent, visit: () => {} }), {
      code: 'store/unwritable-folder',
    })
  })

  test('has every acknowledged record after SIGKILL', { timeout: 60_000 }, async () => {
    const module = new URL('./block-log.ts', import.meta.url).href
    const program = `
      import { openBlockLog } from '${module}'
      const log = await openBlockLog({ path: process.argv[1], visit: () => {} })
      for (let n = 0; ; n += 1) {
        await log.append(new Uint8Array(1000 + n * 10).fill(n))
        process.stdout.write(n + '\\n')
      }`
    for (let round = 0; round < 5; round += 1) {
      await rm(file, { force: true })
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, file])
      let printed = ''
      child.stdout.on('data', (data) => {
        printed += data
        if (printed.split('\n').length > 10 * (round + 1)) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const acknowledged = printed.split('\n').length - 1
      const { records } = await contents()
      assert.ok(records.length >= acknowledged, `${records.length} of ${acknowledged}`)
      for (const [n, record] of records.entries()) assert.equal(record.length / 2, 1000 + n * 10)
    }
  })
})
