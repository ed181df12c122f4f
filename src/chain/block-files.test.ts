/** Checks that blocks come back from files of both forms, that broken-off exports go on, and damage is told. */

import assert from 'node:assert/strict'
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { concatBytes, equalBytes } from '../base/bytes.ts'
import { sha256 } from '../crypto/sha256.ts'
import { type BlockFileForm, exportBlocks, readBlockFile } from './block-files.ts'
import { importBlocks } from './import-blocks.ts'
import type { Block } from './ledger/block.ts'
import { encodeBlock } from './ledger/block-codec.ts'
import { openShort, openStill, shortManifest, temporaryFolder } from './test-chain/short-chain.ts'

const forms: readonly BlockFileForm[] = ['rlp', 'era']

async function blocksOf(file: string): Promise<Block[]> {
  return Array.fromAsync(readBlockFile(file))
}

const numbersOf = (blocks: readonly Block[]) => blocks.map(({ header }) => Number(header.number))

describe('files of blocks', async () => {
  for (const form of forms) {
    test(`${form}: all blocks come back as they were, and make the same chain elsewhere`, async (t) => {
      const folder = await temporaryFolder(t)
      const chain = await openShort(folder, 5)
      const file = path.join(folder, 'blocks')
      const told: bigint[] = []
      const tell = (done: bigint) => told.push(done)
      assert.equal(await exportBlocks({ chain, file, form, from: 0n, to: 5n, tell }), true)
      assert.deepEqual(told, [1n, 2n, 3n, 4n, 5n, 6n])
      assert.deepEqual(numbersOf(await blocksOf(file)), [0, 1, 2, 3, 4, 5])
      assert.ok(!(await readdir(folder)).includes('blocks.part'))
      const other = await openStill(path.join(folder, 'other'))
      const result = await importBlocks(other, readBlockFile(file))
      assert.deepEqual(result, { added: 5, known: 1, aside: 0 })
      assert.deepEqual(other.head().hash, chain.head().hash)
      assert.deepEqual(await importBlocks(other, readBlockFile(file)), {
        added: 0,
        known: 6,
        aside: 0,
      })
      await other.stop()
      await chain.stop()
    })

    test(`${form}: an export that was broken off anywhere goes on to the same file`, async (t) => {
      const folder = await temporaryFolder(t)
      const chain = await openShort(folder, 4)
      const file = path.join(folder, 'blocks')
      await exportBlocks({ chain, file, form, from: 1n, to: 4n })
      const whole = await readFile(file)
      for (let cut = 0; cut < whole.length; cut += 97) {
        await rm(file)
        await writeFile(`${file}.part`, whole.subarray(0, cut))
        await exportBlocks({ chain, file, form, from: 1n, to: 4n })
        assert.ok(equalBytes(await readFile(file), whole), `cut at ${cut}`)
      }
      await chain.stop()
    })

    test(`${form}: a file cut within a block gives the blocks before, and says where it ends`, async (t) => {
      const folder = await temporaryFolder(t)
      const chain = await openShort(folder, 3)
      const file = path.join(folder, 'blocks')
      await exportBlocks({ chain, file, form, from: 1n, to: 3n })
      const { length } = await readFile(file)
      const read: number[] = []
      await truncate(file, form === 'rlp' ? length - 1 : Math.floor(length / 2))
      await assert.rejects(
        async () => {
          for await (const { header } of readBlockFile(file)) read.push(Number(header.number))
        },
        { code: 'chain/bad-file', message: /byte \d+: the file ends within a (block|record)/ },
      )
      assert.ok(read.length > 0 && read.length < 3, String(read))
      await chain.stop()
    })
  }

  test('an interrupted export keeps what it wrote, and goes on when asked again', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 4)
    const file = path.join(folder, 'blocks')
    const stop = new AbortController()
    const options = { chain, file, form: 'rlp', from: 1n, to: 4n } as const
    const tell = (done: bigint) => done === 2n && stop.abort()
    assert.equal(await exportBlocks({ ...options, tell, signal: stop.signal }), false)
    assert.ok(!(await readdir(folder)).includes('blocks'))
    const told: bigint[] = []
    assert.equal(await exportBlocks({ ...options, tell: (done) => told.push(done) }), true)
    assert.deepEqual(told, [3n, 4n])
    const expected = [1n, 2n, 3n, 4n].map((number) => chain.byNumber(number)?.block)
    const bytes = expected.map((block) => (block ? encodeBlock(block) : new Uint8Array()))
    assert.ok(equalBytes(await readFile(file), concatBytes(...bytes)))
    await chain.stop()
  })

  test('a file that is there is not written over', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 1)
    const file = path.join(folder, 'blocks')
    await writeFile(file, 'kept')
    await assert.rejects(exportBlocks({ chain, file, form: 'rlp', from: 0n, to: 1n }), {
      code: 'chain/file-exists',
    })
    assert.equal(await readFile(file, 'utf8'), 'kept')
    await chain.stop()
  })

  test('a part that holds other blocks is left alone', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 3)
    const file = path.join(folder, 'blocks')
    await exportBlocks({ chain, file: `${file}.part`, form: 'rlp', from: 2n, to: 3n })
    await assert.rejects(exportBlocks({ chain, file, form: 'rlp', from: 1n, to: 3n }), {
      code: 'chain/other-part',
    })
    assert.deepEqual(numbersOf(await blocksOf(`${file}.part`)), [2, 3])
    await chain.stop()
  })

  test('what is no file of blocks is refused with its place', async (t) => {
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'blocks')
    const refused = async (bytes: readonly number[], message: RegExp) => {
      await writeFile(file, Uint8Array.from(bytes))
      await assert.rejects(blocksOf(file), { code: 'chain/bad-file', message })
    }
    await assert.rejects(blocksOf(file), { code: 'chain/no-file' })
    await refused([], /the file is empty/)
    await refused([0x12, 0x34], /byte 0: no block begins here/)
    await refused([0xc1, 0xc0], /byte 0: bad block: a header has 0 fields/)
    await refused([0xfb, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], /too large/)
    await refused([0xff, ...Array(8).fill(0xff)], /bounds/)
    const version = [0x65, 0x32, 0, 0, 0, 0, 0, 0]
    await refused([...version, 3, 0, 255, 255, 255, 255, 0, 0], /byte 8: .*too large/)
    await refused([...version, 3, 0, 1, 0, 0, 0, 0, 0, 9], /byte 8: not a Snappy stream/)
    await refused([...version, 3, 0], /ends within a record/)
  })

  test('an era file has its index and the accumulator of its blocks at the end', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 1)
    const file = path.join(folder, 'blocks')
    await exportBlocks({ chain, file, form: 'era', from: 0n, to: 1n })
    const bytes = await readFile(file)
    const count = 2
    const indexAt = bytes.length - 8 * (count + 2) - 8
    assert.equal(bytes.readUInt16LE(indexAt), 0x3266)
    assert.equal(bytes.readBigInt64LE(indexAt + 8), 0n)
    const places = [0, 1].map((at) => indexAt + Number(bytes.readBigInt64LE(indexAt + 16 + 8 * at)))
    assert.equal(bytes.readBigInt64LE(bytes.length - 8), 2n)
    assert.deepEqual(
      places.map((place) => bytes.readUInt16LE(place)),
      [3, 3],
    )
    assert.equal(places[0], 8)
    // Two records of a list of 8,192: thirteen levels, all else empty, and the length mixed in.
    const hashes = [0n, 1n].map((number) => chain.blockHash(number) ?? new Uint8Array())
    const none = new Uint8Array(32)
    let root = sha256(concatBytes(...hashes.map((hash) => sha256(concatBytes(hash, none)))))
    let empty = sha256(concatBytes(none, none))
    for (let level = 1; level < 13; level += 1) {
      root = sha256(concatBytes(root, empty))
      empty = sha256(concatBytes(empty, empty))
    }
    const length = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? count : 0))
    const accumulatorAt = indexAt - 40
    assert.equal(bytes.readUInt16LE(accumulatorAt), 7)
    assert.ok(
      equalBytes(bytes.subarray(accumulatorAt + 8, indexAt), sha256(concatBytes(root, length))),
    )
    await chain.stop()
  })
})

describe('an import', () => {
  test('refuses blocks of another birth and after a gap, and keeps those of another branch aside', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 3)
    const file = path.join(folder, 'blocks')
    await exportBlocks({ chain, file, form: 'rlp', from: 0n, to: 3n })
    await chain.stop()
    const blocks = await blocksOf(file)
    const { genesis } = shortManifest
    const otherBirth = { ...shortManifest, genesis: { ...genesis, timestamp: 5n } }
    const other = await openStill(path.join(folder, 'other'), otherBirth)
    const rules = async (from: number) => {
      const { refused } = await importBlocks(other, readFrom(blocks.slice(from)))
      return refused?.rule
    }
    assert.equal(await rules(0), 'other-chain')
    assert.equal(await rules(1), 'parent')
    assert.equal(await rules(2), 'parent')
    await other.stop()
    const fork = await openShort(path.join(folder, 'fork'), 0)
    fork.dev.increaseTime(1_000n)
    await fork.dev.sealNow()
    const result = await importBlocks(fork, readFrom(blocks.slice(0, 2)))
    assert.deepEqual(result, { added: 0, known: 1, aside: 1 })
    await fork.stop()
  })

  test('stops before a block that is refused, and after one when it is ended', async (t) => {
    const folder = await temporaryFolder(t)
    const chain = await openShort(folder, 3)
    const blocks = [1n, 2n, 3n].flatMap((number) => chain.byNumber(number)?.block ?? [])
    await chain.stop()
    const wrong = blocks.map((block) => ({
      ...block,
      header: { ...block.header, gasUsed: block.header.gasUsed + 1n },
    }))
    const other = await openStill(path.join(folder, 'other'))
    const mixed = [...blocks.slice(0, 1), ...wrong.slice(1)]
    const result = await importBlocks(other, readFrom(mixed))
    assert.deepEqual([result.added, result.refused?.number], [1, 2n])
    const stop = new AbortController()
    const tell = () => stop.abort()
    const ended = await importBlocks(other, readFrom(blocks), { tell, signal: stop.signal })
    assert.deepEqual(ended, { added: 0, known: 1, aside: 0 })
    assert.deepEqual(await importBlocks(other, readFrom(blocks)), { added: 2, known: 1, aside: 0 })
    await other.stop()
  })
})

async function* readFrom(blocks: readonly Block[]): AsyncGenerator<Block> {
  yield* blocks
}
