/** Gives damaged RLP, JSON-RPC and ABI data to everything that reads them, with a fixed seed. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../../src/base/app-error.ts'
import { toHex } from '../../src/base/bytes.ts'
import type { Header } from '../../src/chain/ledger/block.ts'
import {
  decodeBlock,
  decodeExecutedBlock,
  decodeHeader,
  emptyOmmersHash,
  encodeBlock,
  encodeHeader,
  headerHash,
} from '../../src/chain/ledger/block-codec.ts'
import { parseManifest } from '../../src/chain/ledger/manifest-codec.ts'
import { decodeRlp, encodeRlp } from '../../src/chain/ledger/rlp.ts'
import { decodeTransaction, encodeTransaction } from '../../src/chain/ledger/transaction-codec.ts'
import { defaultLimits } from '../../src/rpc/limits.ts'
import { allMethods } from '../../src/rpc/methods/all-methods.ts'
import { openRpc } from '../../src/rpc/test-chain/open-rpc.ts'
import { createEventDecoder } from '../../src/stream/event-decoder.ts'
import { type Chance, chanceOf } from './chance.ts'
import { anyJson, damaged, plausibleParams } from './damage.ts'
import { scenarioOf } from './scenario.ts'

const seed = 20_260_101

/** Runs it; an AppError is a proper refusal, anything else that is thrown is a fault. */
function readOrRefused<T>(read: () => T, what: string): T | undefined {
  try {
    return read()
  } catch (error) {
    assert.ok(error instanceof AppError, `${what}: ${error instanceof Error ? error.stack : error}`)
    return undefined
  }
}

const zeros = (length: number) => new Uint8Array(length)
const header: Header = {
  ...{ parentHash: zeros(32), ommersHash: emptyOmmersHash, beneficiary: zeros(20) },
  ...{ stateRoot: zeros(32), transactionsRoot: zeros(32), receiptsRoot: zeros(32) },
  ...{ logsBloom: zeros(256), difficulty: 0n, number: 5n, gasLimit: 30_000_000n, gasUsed: 21_000n },
  ...{ timestamp: 99n, extraData: Uint8Array.of(1), mixHash: zeros(32), nonce: zeros(8) },
  ...{ baseFeePerGas: 7n, withdrawalsRoot: zeros(32), blobGasUsed: 0n, excessBlobGas: 0n },
  ...{ parentBeaconBlockRoot: zeros(32), requestsHash: zeros(32) },
}

describe('damaged RLP', () => {
  const samples = Array.from({ length: 60 }, (_, at) =>
    scenarioOf(seed, at).transactions.map(({ transaction }) => transaction),
  ).flat()
  const encodings = samples.map(encodeTransaction)
  const blocks = [0, 7, 14].map((at) =>
    encodeBlock({
      ...{ header, hash: headerHash(header), ommers: [], withdrawals: [] },
      transactions: samples.slice(at, at + 7),
    }),
  )

  test('20,000 transactions are refused, or read to exactly what was given', () => {
    const read = { all: 0 }
    for (let at = 0; at < 20_000; at += 1) {
      const chance = chanceOf(seed, at)
      const bytes = damaged(chance, chance.pick(encodings), chance.pick(encodings))
      const transaction = readOrRefused(() => decodeTransaction(bytes), toHex(bytes))
      if (!transaction) continue
      read.all += 1
      assert.equal(toHex(encodeTransaction(transaction)), toHex(bytes))
    }
    assert.ok(read.all > 100, `only ${read.all} were read at all`)
  })

  test('4,000 blocks, headers and stored blocks are refused or read', () => {
    for (let at = 0; at < 4_000; at += 1) {
      const chance = chanceOf(seed, at)
      const bytes = damaged(chance, chance.pick(blocks), chance.pick(encodings))
      const block = readOrRefused(() => decodeBlock(bytes), toHex(bytes))
      if (block) assert.equal(toHex(encodeBlock(block)), toHex(bytes))
      const cut = damaged(chance, encodeHeader(header), chance.pick(encodings))
      const read = readOrRefused(() => decodeHeader(cut), toHex(cut))
      if (read) assert.equal(toHex(encodeHeader(read)), toHex(cut))
      readOrRefused(() => decodeExecutedBlock(bytes), toHex(bytes))
    }
  })

  test('20,000 runs of any bytes, and lists a thousand deep', () => {
    for (let at = 0; at < 20_000; at += 1) {
      const chance = chanceOf(seed, at)
      const bytes = chance.bytes(chance.below(40))
      if (chance.oneIn(2)) bytes[0] = 0xc0 | chance.below(64)
      const value = readOrRefused(() => decodeRlp(bytes), toHex(bytes))
      if (value) assert.equal(toHex(encodeRlp(value)), toHex(bytes))
    }
    assert.throws(() => decodeRlp(new Uint8Array(1_000).fill(0xc1)), { code: 'ledger/bad-rlp' })
  })

  test('2,000 manifests', () => {
    for (let at = 0; at < 2_000; at += 1) {
      const text = JSON.stringify(anyJson(chanceOf(seed, at)))
      readOrRefused(() => parseManifest(text), text)
    }
  })
})

describe('bad JSON-RPC', () => {
  const methods = [...allMethods(defaultLimits, { isDevelopment: true, hasMany: true }).keys()]

  /** Requests, parts of requests, and what is none. */
  function body(chance: Chance): string {
    const request = () => ({
      ...{ jsonrpc: '2.0', id: chance.below(100), method: chance.pick(methods) },
      params: chance.oneIn(3)
        ? Array.from({ length: chance.below(4) }, () => anyJson(chance))
        : plausibleParams(chance),
    })
    const batch = () => Array.from({ length: chance.below(5) }, request)
    const text = JSON.stringify(
      chance.oneIn(6) ? batch() : chance.oneIn(8) ? anyJson(chance) : request(),
    )
    if (!chance.oneIn(5)) return text
    const bytes = new TextEncoder().encode(text)
    return new TextDecoder().decode(damaged(chance, bytes, bytes))
  }

  test('10,000 bodies get answers with standard errors, and the node goes on', async (t) => {
    const { rpc } = await openRpc(t, { limits: { callMs: 200 } })
    const ask = async (text: string) => {
      const answer = await rpc.handleText(text)
      return answer === undefined ? [] : [JSON.parse(answer)].flat()
    }
    const codes = new Map<number, number>()
    for (let at = 0; at < 10_000; at += 1) {
      const text = body(chanceOf(seed, at))
      for (const answer of await ask(text)) {
        assert.equal(answer.jsonrpc, '2.0', text)
        assert.notEqual('result' in answer, 'error' in answer, text)
        const code = answer.error?.code ?? 0
        codes.set(code, (codes.get(code) ?? 0) + 1)
        assert.notEqual(code, -32603, `an internal error: ${text}`)
        if (answer.error) assert.equal(typeof answer.error.message, 'string', text)
      }
    }
    for (const code of [0, -32700, -32600, -32602]) assert.ok(codes.has(code), `none with ${code}`)
    const alive = await ask('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')
    assert.equal(alive[0]?.result, '0x4f1a')
  })
})

describe('bad ABI data', () => {
  const types = [
    ...['uint256', 'int8', 'address', 'bool', 'bytes', 'bytes32', 'string', 'uint256[]'],
    ...['string[]', 'uint8[3]', 'bytes[2][]', '(uint256 a, bytes b)', '(string s, uint256[] n)[]'],
  ]

  test('5,000 logs are decoded or passed over', () => {
    const address = '0x00000000000000000000000000000000c0de0001' as const
    let decoded = 0
    for (let at = 0; at < 5_000; at += 1) {
      const chance = chanceOf(seed, at)
      const inputs = Array.from({ length: chance.below(4) }, (_, place) => {
        const indexed = chance.oneIn(3) ? ' indexed' : ''
        return `${chance.pick(types)}${indexed} p${place}`
      })
      const decoder = readOrRefused(
        () => createEventDecoder([{ event: `E(${inputs.join(', ')})`, address }]),
        inputs.join(),
      )
      const topic = decoder?.queries()[0]?.topics[0]?.[0]
      if (!decoder || !topic) continue
      const topics = [
        topic,
        ...Array.from({ length: chance.below(4) }, () => toHex(chance.bytes(32))),
      ]
      // Offsets and lengths that lie near, far, and around in circles.
      const words = Array.from({ length: chance.below(12) }, () => {
        const word = chance.oneIn(3) ? chance.word() : BigInt(chance.below(8) * 32)
        return word.toString(16).padStart(64, '0')
      })
      const cut = chance.oneIn(4) ? chance.below(32) * 2 : 0
      const data = `0x${words.join('').slice(cut)}` as const
      const log = { address, topics, data, blockNumber: 1 }
      if (typeof readOrRefused(() => decoder.read(log), inputs.join()) === 'object') decoded += 1
    }
    assert.ok(decoded > 100, `only ${decoded} were decoded`)
  })

  test('2,000 signatures are read or refused', () => {
    const address = '0x00000000000000000000000000000000c0de0001'
    const sample = new TextEncoder().encode(
      'Deposited(address indexed account, (uint256 a, bytes b)[] c)',
    )
    for (let at = 0; at < 2_000; at += 1) {
      const chance = chanceOf(seed, at)
      const event = new TextDecoder().decode(damaged(chance, sample, sample))
      readOrRefused(() => createEventDecoder([{ event, address }]), event)
    }
  })
})
