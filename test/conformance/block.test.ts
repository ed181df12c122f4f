/** Reads the blocks of public tests, Frontier to Osaka: hash, bytes and base fee must be those that the tests say. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../../src/base/app-error.ts'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { nextBaseFee } from '../../src/chain/ledger/base-fee.ts'
import { nextExcessBlobGas } from '../../src/chain/ledger/blobs.ts'
import type { Header } from '../../src/chain/ledger/block.ts'
import { decodeBlock, encodeBlock, headerHash } from '../../src/chain/ledger/block-codec.ts'
import { bloomOf } from '../../src/chain/ledger/bloom.ts'
import { rulesOf } from '../../src/chain/ledger/fork-rules.ts'
import { type Log, LogList } from '../../src/chain/ledger/log-list.ts'
import { skipVectors, vectorFiles, vectorJson, vectorText } from './vectors.ts'

interface BlockTest {
  readonly network: string
  readonly genesisRLP: string
  readonly genesisBlockHeader: { readonly hash: string }
  readonly blocks: readonly BlockCase[]
}

interface BlockCase {
  readonly rlp: string
  readonly expectException?: string
  readonly blockHeader?: { readonly hash: string }
}

interface LogJson {
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
}

/** What came of the blocks of a set. */
interface Counts {
  /** Valid blocks that were read, with the right hash, and written to the same bytes. */
  read: number
  /** Of these, those whose parent was read too, with the base fee that follows from it. */
  fees: number
  /** Of these, those with the excess blob gas that follows from it. */
  excess: number
  /** Blocks to be refused, most of them only when they are run, which is not done here. */
  wrong: number
}

/** A wrong block is read or refused by an AppError. */
function assertReadable(raw: Uint8Array, name: string): void {
  try {
    decodeBlock(raw)
  } catch (error) {
    assert.ok(error instanceof AppError, `${name}: ${error}`)
  }
}

function check(
  name: string,
  { network, genesisRLP, genesisBlockHeader, blocks }: BlockTest,
  counts: Counts,
) {
  const genesis = decodeBlock(fromHex(genesisRLP))
  assert.equal(toHex(genesis.hash), genesisBlockHeader.hash, name)
  const headers = new Map<string, Header>([[genesisBlockHeader.hash, genesis.header]])
  for (const { rlp, expectException, blockHeader } of blocks) {
    const raw = fromHex(rlp)
    if (expectException !== undefined) {
      assertReadable(raw, name)
      counts.wrong += 1
      continue
    }
    const block = decodeBlock(raw)
    assert.deepEqual(encodeBlock(block), raw, name)
    assert.equal(toHex(block.hash), blockHeader?.hash, name)
    assert.deepEqual(headerHash(block.header), block.hash, name)
    counts.read += 1
    headers.set(toHex(block.hash), block.header)
    const parent = headers.get(toHex(block.header.parentHash))
    if (parent === undefined) continue
    if (block.header.baseFeePerGas === undefined) continue
    assert.equal(block.header.baseFeePerGas, nextBaseFee(parent), name)
    counts.fees += 1
    if (network !== 'Osaka') continue
    assert.equal(block.header.excessBlobGas, nextExcessBlobGas(parent, osakaRules), name)
    counts.excess += 1
  }
}

async function checkAll(set: string): Promise<Counts> {
  const counts = { read: 0, fees: 0, excess: 0, wrong: 0 }
  for (const file of await vectorFiles(set, '.')) {
    const tests = await vectorJson<Record<string, BlockTest>>(set, file)
    for (const [name, one] of Object.entries(tests)) check(name, one, counts)
  }
  return counts
}

/** Every object with logs and their bloom, wherever it stands in a JSON value. */
function* receiptsIn(value: unknown): Generator<{ logs: readonly LogJson[]; logsBloom: string }> {
  if (typeof value !== 'object' || value === null) return
  if ('logs' in value && 'logsBloom' in value) yield value as never
  for (const inner of Object.values(value)) yield* receiptsIn(inner)
}

describe('blocks', { skip: skipVectors() }, () => {
  test('6,060 blocks of Osaka have their hash, base fee and excess blob gas', async () => {
    assert.deepEqual(await checkAll('eest/blockchain-osaka'), osaka)
  })

  test('3,201 newer blocks of Osaka have their hash, base fee and excess blob gas', async () => {
    assert.deepEqual(await checkAll('eest/blockchain-osaka-gapfill'), osakaNewer)
  })

  test('the blocks of old forks and of their transitions have their hash', async () => {
    assert.deepEqual(await checkAll('eest/blockchain-legacy'), legacy)
    assert.deepEqual(await checkAll('eest/blockchain-transition'), transition)
  })

  test('the blooms of receipts are those that geth answers with', async () => {
    const set = 'execution-apis/io'
    let [ran, filled] = [0, 0]
    for (const file of await vectorFiles(set, '.', '.io')) {
      const answers = (await vectorText(set, file)).match(/^<< .*$/gm) ?? []
      for (const answer of answers) {
        for (const { logs, logsBloom } of receiptsIn(JSON.parse(answer.slice(3)))) {
          const known: readonly Log[] = logs.map(({ address, topics, data }) => ({
            ...{ address: fromHex(address), topics: topics.map(fromHex), data: fromHex(data) },
          }))
          assert.equal(toHex(bloomOf(LogList.of(known))), logsBloom, file)
          ran += 1
          if (logs.length > 0) filled += 1
        }
      }
    }
    assert.deepEqual([ran, filled], receipts)
  })
})

const osakaRules = rulesOf('osaka')
const osaka: Counts = { read: 6_060, fees: 6_060, excess: 6_060, wrong: 251 }
const osakaNewer: Counts = { read: 3_201, fees: 3_201, excess: 3_201, wrong: 124 }
const legacy: Counts = { read: 1_674, fees: 924, excess: 0, wrong: 129 }
const transition: Counts = { read: 196, fees: 196, excess: 0, wrong: 18 }
/** Receipts, and those of them with logs. */
const receipts = [14, 5]
