/** Checks transactions against the EIPs' own examples, damaged ones, and the rules for each field. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../base/app-error.ts'
import { concatBytes, fromHex, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { addressOfKey, signHash } from '../../crypto/secp256k1.ts'
import { decodeRlp, encodeRlp, type RlpValue, rlpInteger, rlpList } from './rlp.ts'
import type { Authorization, Transaction, UnsignedTransaction } from './transaction.ts'
import {
  authorityOf,
  decodeTransaction,
  encodeTransaction,
  senderOf,
  signTransaction,
  transactionHash,
} from './transaction-codec.ts'

const key = new Uint8Array(32).fill(0x46)
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

const payload = {
  ...{ chainId: 1n, nonce: 9n, gasLimit: 21_000n, to: new Uint8Array(20).fill(0x35) },
  ...{ value: 10n ** 18n, data: new Uint8Array() },
}
const caps = { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n, accessList: [] }
const legacy: UnsignedTransaction = { ...payload, type: 0, gasPrice: 20n * 10n ** 9n }
const accessList: UnsignedTransaction = {
  ...{ ...payload, type: 1, gasPrice: 3n, data: new Uint8Array(60).fill(9), to: undefined },
  accessList: [{ address: new Uint8Array(20).fill(8), slots: [0n, 2n ** 256n - 1n] }],
}
const feeMarket: UnsignedTransaction = { ...payload, ...caps, type: 2 }
const authorization: Authorization = {
  ...{ chainId: 0n, address: new Uint8Array(20).fill(7), nonce: 1n, yParity: 0, r: 5n, s: 6n },
}
const blob: UnsignedTransaction = {
  ...{ ...payload, ...caps, type: 3, maxFeePerBlobGas: 4n },
  blobVersionedHashes: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)],
}
const delegation: UnsignedTransaction = {
  ...{ ...payload, ...caps, type: 4, authorizations: [authorization] },
}

/** The encoding with its fields, a list of RLP values, changed by hand. */
function altered(transaction: Transaction, change: (fields: RlpValue[]) => void): Uint8Array {
  const raw = encodeTransaction(transaction)
  const start = transaction.type === 0 ? 0 : 1
  const fields = [...rlpList(decodeRlp(raw.subarray(start)), 'fields')]
  change(fields)
  return concatBytes(raw.subarray(0, start), encodeRlp(fields))
}

const refused = (bytes: Uint8Array, message?: RegExp) =>
  assert.throws(() => decodeTransaction(bytes), {
    code: 'ledger/bad-transaction',
    ...(message && { message }),
  })

describe('transactions', () => {
  test('the example of EIP-155 is signed to the bytes that the EIP prints', () => {
    const signed = signTransaction(legacy, key)
    const raw =
      '0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025' +
      'a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276' +
      'a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83'
    assert.equal(toHex(encodeTransaction(signed)), raw)
    assert.deepEqual(decodeTransaction(fromHex(raw)), signed)
    assert.deepEqual(transactionHash(signed), keccak256(fromHex(raw)))
    assert.deepEqual(senderOf(signed), addressOfKey(key))
  })

  test('bytes are either refused by an AppError or the encoding of what is read', () => {
    const raws = [legacy, accessList, feeMarket, blob, delegation].map((unsigned) =>
      encodeTransaction(signTransaction(unsigned, key)),
    )
    const nearly = fc
      .tuple(fc.constantFrom(...raws), fc.nat(), fc.nat(255))
      .map(([raw, at, byte]) => raw.with(at % raw.length, byte))
    const typed = fc
      .tuple(fc.constantFrom(1, 2, 3, 4, 0xc0), fc.uint8Array())
      .map(([type, rest]) => concatBytes(Uint8Array.of(type), rest))
    fc.assert(
      fc.property(fc.oneof(nearly, typed, fc.uint8Array()), (bytes) => {
        let transaction: Transaction
        try {
          transaction = decodeTransaction(bytes)
        } catch (error) {
          assert.ok(error instanceof AppError, String(error))
          assert.match(error.code, /^ledger\/(bad-transaction|type-unsupported)$/)
          return
        }
        assert.deepEqual(encodeTransaction(transaction), bytes)
      }),
      { numRuns: 2_000 },
    )
  })

  test('types that are unknown here are told apart from nonsense', () => {
    for (const type of [5, 6, 0x7f]) {
      assert.throws(() => decodeTransaction(Uint8Array.of(type, 0xc0)), {
        code: 'ledger/type-unsupported',
        data: { type },
      })
    }
    refused(new Uint8Array(), /empty/)
    for (const first of [0, 0x80, 0xbf]) refused(Uint8Array.of(first, 0xc0), /neither a list nor/)
  })

  test('fields of a wrong length, size or number are refused', () => {
    const signed = signTransaction(feeMarket, key)
    refused(
      altered(signed, (fields) => fields.pop()),
      /11 items, not 12/,
    )
    refused(
      altered(signed, (fields) => fields.push(new Uint8Array())),
      /13 items, not 12/,
    )
    const wrong: readonly (readonly [number, RlpValue, RegExp])[] = [
      [1, rlpInteger(2n ** 64n), /nonce has more than 64 bits/],
      [1, Uint8Array.of(0), /nonce has leading zeros/],
      [4, rlpInteger(2n ** 64n), /gasLimit has more than 64 bits/],
      [5, new Uint8Array(19), /to has 19 bytes, not 20/],
      [5, [], /to is not bytes/],
      [6, rlpInteger(2n ** 256n), /value has more than 256 bits/],
      [8, new Uint8Array(), /access list is no list/],
      [8, [[new Uint8Array(20), [new Uint8Array(31)]]], /slot has 31 bytes, not 32/],
      [8, [[new Uint8Array(20)]], /access list entry has 1 items, not 2/],
      [9, rlpInteger(2), /yParity is 2/],
      [10, rlpInteger(2n ** 256n), /r has more than 256 bits/],
    ]
    for (const [at, value, message] of wrong) {
      refused(
        altered(signed, (fields) => fields.splice(at, 1, value)),
        message,
      )
    }
  })

  test('v of a legacy transaction is 27, 28, or from 35 on', () => {
    const signed = signTransaction(legacy, key)
    for (const v of [0n, 1n, 26n, 29n, 34n]) {
      refused(
        altered(signed, (fields) => fields.splice(6, 1, rlpInteger(v))),
        new RegExp(`v is ${v}`),
      )
    }
    const unprotected = signTransaction({ ...payload, ...legacy, chainId: undefined }, key)
    const fields = rlpList(decodeRlp(encodeTransaction(unprotected)), 'fields')
    assert.ok([27, 28].includes(Number(toHex(fields[6] as Uint8Array))))
    assert.deepEqual(senderOf(unprotected), addressOfKey(key))
  })

  test('a transaction with blobs must call an account, and names each blob by 32 bytes', () => {
    const signed = signTransaction(blob, key)
    assert.equal(encodeTransaction(signed)[0], 3)
    assert.deepEqual(decodeTransaction(encodeTransaction(signed)), signed)
    assert.deepEqual(senderOf(signed), addressOfKey(key))
    const wrong: readonly (readonly [number, RlpValue, RegExp])[] = [
      [5, new Uint8Array(), /cannot create/],
      [9, rlpInteger(2n ** 256n), /maxFeePerBlobGas has more than 256 bits/],
      [10, new Uint8Array(), /list of blob hashes is no list/],
      [10, [new Uint8Array(31)], /a blob hash has 31 bytes, not 32/],
      [11, rlpInteger(2), /yParity is 2/],
    ]
    for (const [at, value, message] of wrong) {
      refused(
        altered(signed, (fields) => fields.splice(at, 1, value)),
        message,
      )
    }
  })

  test('a delegation must call an account and bring at least one authorization', () => {
    const signed = signTransaction(delegation, key)
    assert.deepEqual(decodeTransaction(encodeTransaction(signed)), signed)
    refused(
      altered(signed, (fields) => fields.splice(5, 1, new Uint8Array())),
      /cannot create/,
    )
    refused(
      altered(signed, (fields) => fields.splice(9, 1, [])),
      /authorization list is empty/,
    )
    refused(
      altered(signed, (fields) => fields.splice(9, 1, [[new Uint8Array()]])),
      /an authorization has 1 items, not 6/,
    )
  })

  test('a high s has no sender but in Frontier, and no authority, though a key would be found', () => {
    const { yParity, r, s, ...unsigned } = signTransaction(feeMarket, key)
    const high = { yParity: 1 - yParity, r, s: order - s }
    assert.equal(senderOf({ ...unsigned, ...high } as Transaction), undefined)
    assert.deepEqual(
      senderOf({ ...unsigned, ...high } as Transaction, 'frontier'),
      addressOfKey(key),
    )
    const signature = signAuthorization(key)
    assert.deepEqual(authorityOf({ ...authorization, ...signature }), addressOfKey(key))
    const mirrored = { ...signature, yParity: 1 - signature.yParity, s: order - signature.s }
    assert.equal(authorityOf({ ...authorization, ...mirrored }), undefined)
    assert.equal(authorityOf({ ...authorization, ...signature, yParity: 2 }), undefined)
    assert.equal(authorityOf({ ...authorization, ...signature, r: 0n }), undefined)
  })
})

/** Signs keccak256(0x05 ‖ rlp([chain id, address, nonce])), written out by hand from EIP-7702. */
function signAuthorization(signer: Uint8Array) {
  return signHash(keccak256(fromHex(`0x05d78094${'07'.repeat(20)}01`)), signer)
}
