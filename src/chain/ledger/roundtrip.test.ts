/** Checks that everything the ledger encodes comes back as it was. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fromHex } from '../../base/bytes.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import type { Block, ExecutedBlock, Header, Receipt } from './block.ts'
import {
  decodeBlock,
  decodeExecutedBlock,
  decodeHeader,
  emptyOmmersHash,
  encodeBlock,
  encodeExecutedBlock,
  encodeHeader,
  headerHash,
} from './block-codec.ts'
import { bloomOf } from './bloom.ts'
import { LogList } from './log-list.ts'
import type { Manifest } from './manifest.ts'
import { chainKey, manifestToJson, parseManifest } from './manifest-codec.ts'
import { decodeRlp, encodeRlp, type RlpValue } from './rlp.ts'
import type { UnsignedTransaction } from './transaction.ts'
import {
  decodeTransaction,
  encodeTransaction,
  senderOf,
  signTransaction,
} from './transaction-codec.ts'

const key = new Uint8Array(32).fill(3)
const address = fc.uint8Array({ minLength: 20, maxLength: 20 })
const word = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const access = fc.array(fc.record({ address, slots: fc.array(word, { maxLength: 3 }) }), {
  maxLength: 3,
})
const common = { nonce: u64, gasLimit: u64, value: word, data: fc.uint8Array({ maxLength: 100 }) }
const to = fc.option(address, { nil: undefined })
const fees = { maxFeePerGas: word, maxPriorityFeePerGas: word }
const chainId = fc.bigInt({ min: 1n, max: 2n ** 53n })
const authorization = fc.record({
  chainId: word,
  address,
  nonce: u64,
  yParity: fc.nat(1),
  r: word,
  s: word,
})
const unsigned: fc.Arbitrary<UnsignedTransaction> = fc.oneof(
  fc.record({
    ...common,
    to,
    type: fc.constant(0 as const),
    chainId: fc.option(chainId, { nil: undefined }),
    gasPrice: word,
  }),
  fc.record({
    ...common,
    to,
    type: fc.constant(1 as const),
    chainId,
    gasPrice: word,
    accessList: access,
  }),
  fc.record({ ...common, to, type: fc.constant(2 as const), chainId, ...fees, accessList: access }),
  fc.record({
    ...common,
    to: address,
    type: fc.constant(3 as const),
    chainId,
    ...fees,
    accessList: access,
    maxFeePerBlobGas: word,
    blobVersionedHashes: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
      maxLength: 3,
    }),
  }),
  fc.record({
    ...common,
    to: address,
    type: fc.constant(4 as const),
    chainId,
    ...fees,
    accessList: access,
    authorizations: fc.array(authorization, { minLength: 1, maxLength: 2 }),
  }),
)

const header: Header = {
  ...{
    parentHash: new Uint8Array(32).fill(1),
    ommersHash: emptyOmmersHash,
    beneficiary: new Uint8Array(20),
  },
  ...{
    stateRoot: new Uint8Array(32),
    transactionsRoot: new Uint8Array(32),
    receiptsRoot: new Uint8Array(32),
  },
  ...{
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number: 5n,
    gasLimit: 30_000_000n,
    gasUsed: 21_000n,
  },
  ...{
    timestamp: 99n,
    extraData: Uint8Array.of(1),
    mixHash: new Uint8Array(32),
    nonce: new Uint8Array(8),
  },
  ...{ baseFeePerGas: 7n, withdrawalsRoot: new Uint8Array(32), blobGasUsed: 0n, excessBlobGas: 0n },
  ...{ parentBeaconBlockRoot: new Uint8Array(32), requestsHash: new Uint8Array(32) },
}

describe('RLP', () => {
  const { value } = fc.letrec<{ value: RlpValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.uint8Array({ maxLength: 70 }),
      fc.array(tie('value'), { maxLength: 4 }),
    ),
  }))

  test('every value comes back as it was, and has one encoding', () => {
    fc.assert(fc.property(value, (one) => assert.deepEqual(decodeRlp(encodeRlp(one)), one)))
  })
})

describe('transactions', () => {
  test('every signed transaction comes back as it was, with its sender', () => {
    fc.assert(
      fc.property(unsigned, (one) => {
        const signed = signTransaction(one, key)
        const decoded = decodeTransaction(encodeTransaction(signed))
        // Generated objects have no prototype; clones have the usual one.
        assert.deepEqual(decoded, structuredClone(signed))
        assert.deepEqual(senderOf(decoded), addressOfKey(key))
      }),
      { numRuns: 60 },
    )
  })
})

describe('blocks', () => {
  const transaction = signTransaction(
    {
      type: 2,
      chainId: 1n,
      nonce: 0n,
      gasLimit: 21_000n,
      to: new Uint8Array(20),
      value: 0n,
      data: new Uint8Array(),
      maxFeePerGas: 2n,
      maxPriorityFeePerGas: 1n,
      accessList: [],
    },
    key,
  )
  const legacy = signTransaction(
    {
      type: 0,
      chainId: 1n,
      nonce: 1n,
      gasLimit: 21_000n,
      to: undefined,
      value: 0n,
      data: new Uint8Array(),
      gasPrice: 1n,
    },
    key,
  )
  const withdrawals = [
    { index: 1n, validatorIndex: 2n, address: new Uint8Array(20).fill(4), amountGwei: 5n },
  ]
  const block: Block = {
    header,
    hash: headerHash(header),
    transactions: [transaction, legacy],
    ommers: [],
    withdrawals,
  }

  test('headers and blocks come back as they were', () => {
    assert.deepEqual(decodeHeader(encodeHeader(header)), header)
    assert.deepEqual(decodeBlock(encodeBlock(block)), block)
    assert.throws(() => decodeHeader(encodeRlp([])), { code: 'ledger/bad-rlp' })
  })

  test('a stored block keeps receipts, senders and hashes', () => {
    const log = {
      address: new Uint8Array(20).fill(9),
      topics: [new Uint8Array(32)],
      data: Uint8Array.of(1),
    }
    const receipt: Receipt = {
      type: 2,
      succeeded: true,
      cumulativeGasUsed: 21_000n,
      logsBloom: bloomOf(LogList.of([log])),
      logs: LogList.of([log]),
      gasUsed: 21_000n,
      effectiveGasPrice: 2n,
      createdAddress: undefined,
    }
    const executed: ExecutedBlock = {
      block,
      receipts: [
        receipt,
        { ...receipt, type: 0, succeeded: false, createdAddress: new Uint8Array(20) },
      ],
      senders: [new Uint8Array(20), new Uint8Array(20)],
      transactionHashes: [new Uint8Array(32), new Uint8Array(32)],
    }
    assert.deepEqual(decodeExecutedBlock(encodeExecutedBlock(executed)), executed)
  })
})

describe('a manifest', () => {
  const manifest: Manifest = {
    ...{
      version: 1,
      name: 'dev',
      chainId: 7n,
      forks: [{ hardfork: 'osaka' }],
      consensus: { engine: 'dev', blockTimeMs: 1_000 },
    },
    genesis: {
      ...{ timestamp: 1n, gasLimit: 30_000_000n, baseFeePerGas: 1n, extraData: Uint8Array.of(1) },
      accounts: [
        {
          address: fromHex(`0x${'11'.repeat(20)}`),
          balance: 10n ** 30n,
          nonce: 0n,
          code: Uint8Array.of(0),
          storage: [[1n, 2n]],
        },
      ],
    },
  }

  test('comes back from its text, whatever the order, and has one key', () => {
    const text = manifestToJson(manifest)
    assert.deepEqual(parseManifest(text), manifest)
    const { genesis, ...rest } = JSON.parse(text)
    const shuffled = parseManifest(JSON.stringify({ genesis, ...rest }))
    assert.deepEqual(chainKey(shuffled), chainKey(manifest))
    assert.notDeepEqual(chainKey({ ...manifest, chainId: 8n }), chainKey(manifest))
  })
})
