/** Checks that a block has one encoding, which numbers a header may hold, and how receipts are covered. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../base/app-error.ts'
import { toHex } from '../../base/bytes.ts'
import type { Block, Header, Receipt } from './block.ts'
import {
  decodeBlock,
  decodeExecutedBlock,
  decodeHeader,
  decodeStoredHead,
  emptyOmmersHash,
  encodeBlock,
  encodeExecutedBlock,
  encodeHeader,
  encodeReceipt,
  encodeWithdrawal,
  headerHash,
  ommersHash,
} from './block-codec.ts'
import { LogList, noLogs } from './log-list.ts'
import { decodeRlp, encodeRlp, type RlpValue, rlpInteger, rlpList } from './rlp.ts'
import { encodeTransaction, signTransaction } from './transaction-codec.ts'

const zeros = (length: number) => new Uint8Array(length)
const header: Header = {
  ...{ parentHash: zeros(32), ommersHash: emptyOmmersHash, beneficiary: zeros(20) },
  ...{ stateRoot: zeros(32), transactionsRoot: zeros(32), receiptsRoot: zeros(32) },
  ...{ logsBloom: zeros(256), difficulty: 0n, number: 1n, gasLimit: 30_000_000n, gasUsed: 0n },
  ...{ timestamp: 1n, extraData: zeros(3), mixHash: zeros(32), nonce: zeros(8) },
  ...{ baseFeePerGas: 1n, withdrawalsRoot: zeros(32), blobGasUsed: 0n, excessBlobGas: 0n },
  ...{ parentBeaconBlockRoot: zeros(32), requestsHash: zeros(32) },
}
const noLaterFields = {
  ...{ baseFeePerGas: undefined, withdrawalsRoot: undefined, blobGasUsed: undefined },
  ...{ excessBlobGas: undefined, parentBeaconBlockRoot: undefined, requestsHash: undefined },
}
const legacy = signTransaction(
  {
    ...{ type: 0, chainId: 1n, nonce: 0n, gasPrice: 1n, gasLimit: 21_000n, to: zeros(20) },
    ...{ value: 0n, data: zeros(0) },
  },
  zeros(32).fill(1),
)
const block: Block = {
  header,
  hash: headerHash(header),
  transactions: [legacy],
  ommers: [],
  withdrawals: [],
}
const receipt: Receipt = {
  ...{ type: 0, succeeded: true, cumulativeGasUsed: 21_000n, logsBloom: zeros(256), logs: noLogs },
  ...{ gasUsed: 21_000n, effectiveGasPrice: 1n, createdAddress: undefined },
}

const badRlp = { code: 'ledger/bad-rlp' }

/** A block of the header above with other parts after it. */
function blockOf(transactions: RlpValue, ommers: RlpValue = [], withdrawals: RlpValue = []) {
  return encodeRlp([decodeRlp(encodeHeader(header)), transactions, ommers, withdrawals])
}

describe('blocks', () => {
  test('the hash of no ommers is the known one', () => {
    assert.equal(
      toHex(emptyOmmersHash),
      '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
    )
  })

  test('a legacy transaction may not stand in a block as a string', () => {
    const raw = encodeTransaction(legacy)
    assert.deepEqual(decodeBlock(blockOf([decodeRlp(raw)])).transactions, [legacy])
    assert.throws(() => decodeBlock(blockOf([raw])), badRlp)
    assert.throws(() => decodeBlock(blockOf([zeros(0)])), { code: 'ledger/bad-transaction' })
  })

  test('a block has exactly three parts before Shanghai, and four since', () => {
    for (const count of [15, 16, 17, 20, 21]) {
      const head = rlpList(decodeRlp(encodeHeader(header)), 'header').slice(0, count)
      const parts: RlpValue[] = count < 17 ? [head, [], []] : [head, [], [], []]
      const raw = encodeRlp(parts)
      const read = decodeBlock(raw)
      assert.equal(read.withdrawals?.length, count < 17 ? undefined : 0)
      assert.deepEqual(encodeBlock(read), raw)
      assert.throws(() => decodeBlock(encodeRlp(parts.slice(1))), badRlp)
      assert.throws(() => decodeBlock(encodeRlp([...parts, []])), badRlp)
      assert.throws(() => decodeBlock(encodeRlp(parts.slice(0, -1))), badRlp)
    }
  })

  test('ommers are headers, and the header commits to their list', () => {
    const old: Header = { ...header, ...noLaterFields }
    const ommers = [old, { ...old, number: 2n }]
    const parent = { ...old, ommersHash: ommersHash(ommers), number: 3n }
    const hash = headerHash(parent)
    const withOmmers = { header: parent, hash, transactions: [], ommers, withdrawals: undefined }
    const read = decodeBlock(encodeBlock(withOmmers))
    assert.deepEqual(read.ommers.map(headerHash), ommers.map(headerHash))
    assert.deepEqual(ommersHash(read.ommers), read.header.ommersHash)
    assert.deepEqual(ommersHash([]), emptyOmmersHash)
    assert.throws(() => decodeBlock(blockOf([], [[]])), badRlp)
  })

  test('a transaction of very many items is refused like any other', () => {
    const wide = Array(200_000).fill(Uint8Array.of(1))
    assert.throws(() => decodeBlock(blockOf([wide])), { code: 'ledger/bad-transaction' })
  })

  test('bytes are either refused by an AppError or the encoding of what is read', () => {
    const raw = encodeBlock(block)
    const damaged = fc
      .tuple(fc.nat(raw.length - 1), fc.nat(255))
      .map(([at, byte]) => raw.with(at, byte))
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        let read: Block
        try {
          read = decodeBlock(bytes)
        } catch (error) {
          assert.ok(error instanceof AppError, String(error))
          return
        }
        assert.deepEqual(encodeBlock(read), bytes)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('headers', () => {
  test('gas, time and number have 64 bits, fee and difficulty 256', () => {
    const names = ['number', 'gasLimit', 'gasUsed', 'timestamp', 'blobGasUsed', 'excessBlobGas']
    const bits = { ...Object.fromEntries(names.map((name) => [name, 64n])) }
    for (const [name, most] of Object.entries({ ...bits, baseFeePerGas: 256n, difficulty: 256n })) {
      const largest = { ...header, [name]: 2n ** most - 1n }
      assert.deepEqual(decodeHeader(encodeHeader(largest)), largest)
      const larger = { ...header, [name]: 2n ** most }
      assert.throws(() => decodeHeader(encodeHeader(larger)), {
        ...badRlp,
        message: new RegExp(`${name} has more than ${most} bits`),
      })
    }
  })

  test('bytes have their length, and there are 15, 16, 17, 20 or 21 fields', () => {
    const fields = rlpList(decodeRlp(encodeHeader(header)), 'header')
    assert.equal(fields.length, 21)
    for (const [at, field] of fields.entries()) {
      if (at === 12 || !(field instanceof Uint8Array) || field.length < 8) continue
      const longer = fields.with(at, zeros(field.length + 1))
      assert.throws(() => decodeHeader(encodeRlp(longer)), badRlp, String(at))
    }
    for (let count = 0; count <= 21; count += 1) {
      const encoded = encodeRlp(fields.slice(0, count))
      if ([15, 16, 17, 20, 21].includes(count)) {
        assert.deepEqual(encodeHeader(decodeHeader(encoded)), encoded)
      } else assert.throws(() => decodeHeader(encoded), badRlp)
    }
    assert.throws(() => decodeHeader(encodeRlp([...fields, zeros(32)])), badRlp)
    assert.throws(() => decodeHeader(encodeRlp(zeros(5))), badRlp)
  })

  test('every field counts for the hash', () => {
    const hashes = Object.entries(header).map(([name, value]) => {
      const other = value instanceof Uint8Array ? value.with(0, 0xee) : (value ?? 0n) + 1n
      return headerHash({ ...header, [name]: other }).toHex()
    })
    assert.equal(new Set([...hashes, headerHash(header).toHex()]).size, 22)
  })
})

describe('receipts and withdrawals', () => {
  test('a receipt is covered by status, gas so far, bloom and logs, after its type', () => {
    const log = { address: zeros(20), topics: [zeros(32)], data: Uint8Array.of(5) }
    const value = [[log.address, log.topics, log.data]]
    const logs = LogList.of([log])
    const body = (status: number) => [rlpInteger(status), rlpInteger(21_000), zeros(256), value]
    assert.deepEqual(encodeReceipt({ ...receipt, logs }), encodeRlp(body(1)))
    const failed = { ...receipt, succeeded: false, logs }
    assert.deepEqual(encodeReceipt(failed), encodeRlp(body(0)))
    const typed = encodeReceipt({ ...failed, type: 4 })
    const root = zeros(32).fill(9)
    const [first] = rlpList(decodeRlp(encodeReceipt({ ...failed, stateRoot: root })), 'receipt')
    assert.deepEqual(first, root)
    assert.equal(typed[0], 4)
    assert.deepEqual(typed.subarray(1), encodeRlp(body(0)))
  })

  test('a withdrawal is its four fields', () => {
    const withdrawal = { index: 0n, validatorIndex: 300n, address: zeros(20), amountGwei: 1n }
    const fields = [zeros(0), Uint8Array.of(1, 44), zeros(20), Uint8Array.of(1)]
    assert.deepEqual(encodeWithdrawal(withdrawal), encodeRlp(fields))
    const read = decodeBlock(blockOf([], [], [fields])).withdrawals
    assert.deepEqual(read, [withdrawal])
    assert.throws(() => decodeBlock(blockOf([], [], [fields.with(2, zeros(19))])), badRlp)
    assert.throws(() => decodeBlock(blockOf([], [], [fields.with(0, zeros(9).fill(1))])), badRlp)
  })

  test('a damaged stored block is refused by an AppError', () => {
    const executed = { block, receipts: [receipt], senders: [zeros(20)], transactionHashes: [] }
    const raw = encodeExecutedBlock(executed)
    assert.deepEqual(decodeExecutedBlock(raw), executed)
    const { header, hash } = block
    const hashes = [zeros(32).fill(1), zeros(32).fill(2)]
    const stored = encodeExecutedBlock({ ...executed, transactionHashes: hashes })
    assert.deepEqual(decodeStoredHead(stored), { header, hash, transactionHashes: hashes })
    const old = { ...executed, receipts: [{ ...receipt, stateRoot: zeros(32).fill(3) }] }
    assert.deepEqual(decodeExecutedBlock(encodeExecutedBlock(old)), old)
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.nat(255), (at, byte) => {
        for (const decode of [decodeExecutedBlock, decodeStoredHead]) {
          try {
            decode(raw.with(at, byte))
          } catch (error) {
            assert.ok(error instanceof AppError, String(error))
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
