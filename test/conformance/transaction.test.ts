/** Runs public transactions: those to be refused by the rules of Cancun, and signed ones of every type known here. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../../src/base/app-error.ts'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { rulesOf } from '../../src/chain/ledger/fork-rules.ts'
import { intrinsicGas } from '../../src/chain/ledger/intrinsic-gas.ts'
import type { Transaction } from '../../src/chain/ledger/transaction.ts'
import {
  decodeTransaction,
  encodeTransaction,
  senderOf,
  signTransaction,
  transactionHash,
} from '../../src/chain/ledger/transaction-codec.ts'
import { addressOfKey } from '../../src/crypto/secp256k1.ts'
import { skipVectors, vectorFiles, vectorJson } from './vectors.ts'

const cancun = rulesOf('cancun')

interface Verdict {
  readonly sender?: string
  readonly hash?: string
  readonly intrinsicGas: string
  readonly exception?: string
}

/** What makes a transaction unacceptable without looking at a state. */
function broken(transaction: Transaction): string | undefined {
  const { gasLimit, nonce, to, data } = transaction
  const cap = 'gasPrice' in transaction ? transaction.gasPrice : transaction.maxFeePerGas
  if (transaction.chainId !== undefined && transaction.chainId !== 1n) return 'chain id'
  if (senderOf(transaction) === undefined) return 'sender'
  if (nonce >= 2n ** 64n - 1n) return 'nonce'
  if (to === undefined && data.length > cancun.numbers.initCodeLimit) return 'creation code'
  if ((gasLimit * cap) >> 256n) return 'cost'
  if (gasLimit < intrinsicGas(transaction, cancun)) return 'intrinsic gas'
  const dearTip = 'maxPriorityFeePerGas' in transaction && transaction.maxPriorityFeePerGas > cap
  return dearTip ? 'tip' : undefined
}

/** For the vectors' names of faults, what may be found; a wrong chain or signature may show in v already. */
const faults: readonly (readonly [RegExp, readonly (string | undefined)[]])[] = [
  [/^$/, [undefined]],
  [/^INVALID_CHAINID$/, ['chain id', 'encoding']],
  [/^(INVALID_SIGNATURE_VRS|EC_RECOVERY_FAIL)$/, ['sender', 'encoding']],
  [/^NONCE_TOO_BIG$/, ['nonce']],
  [/^INITCODE_SIZE_EXCEEDED$/, ['creation code']],
  [/^GASLIMIT_PRICE_PRODUCT_OVERFLOW$/, ['cost']],
  [/^INTRINSIC_GAS_TOO_LOW$/, ['intrinsic gas']],
  [/^PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS/, ['tip']],
  [/^(RLP_|ADDRESS_|TYPE_NOT_SUPPORTED)/, ['encoding']],
  [/^(NONCE|VALUE|GASLIMIT|GASPRICE|PRIORITY)_OVERFLOW$/, ['encoding']],
]

function assertFault(exception: string | undefined, found: string | undefined, name: string): void {
  const fault = (exception ?? '').replace('TransactionException.', '')
  const [, expected] = faults.find(([pattern]) => pattern.test(fault)) ?? []
  assert.ok(expected?.includes(found), `${name}: ${fault || 'valid'}, but found ${found}`)
}

describe('transactions', { skip: skipVectors() }, () => {
  test('210 byte strings are taken or refused as Cancun does', async () => {
    const set = 'ethereum-tests/legacy'
    let ran = 0
    for (const file of await vectorFiles(set, 'TransactionTests')) {
      const cases = await vectorJson<
        Record<string, { txbytes: string; result: Record<string, Verdict> }>
      >(set, file)
      for (const [name, { txbytes, result }] of Object.entries(cases)) {
        // Malformed ones were not all filled again for Cancun; the rules for them have not changed since.
        const expected = result.Cancun ?? result.Shanghai ?? result.London
        assert.ok(expected, name)
        let transaction: Transaction | undefined
        try {
          transaction = decodeTransaction(fromHex(txbytes))
        } catch (error) {
          assert.ok(error instanceof AppError, `${name}: ${error}`)
        }
        const reason = transaction === undefined ? 'encoding' : broken(transaction)
        assertFault(expected.exception, reason, `${file} ${name}`)
        if (transaction && expected.exception === undefined) {
          assert.equal(toHex(senderOf(transaction) ?? new Uint8Array()), expected.sender, name)
          assert.equal(toHex(transactionHash(transaction)), expected.hash, name)
          assert.equal(intrinsicGas(transaction, cancun), BigInt(expected.intrinsicGas), name)
        }
        ran += 1
      }
    }
    assert.equal(ran, 210)
  })

  test('signed transactions of the types 0, 1 and 2 are read, and signed again to the same bytes', async () => {
    const cases = await vectorJson<readonly Record<string, string>[]>(
      'wallet/wallet',
      'ethers/transactions.json',
    )
    let ran = 0
    for (const one of cases) {
      for (const form of ['signedLegacy', 'signedEip155', 'signedBerlin', 'signedLondon']) {
        const raw = one[form]
        if (!raw) continue
        const key = fromHex(one.privateKey ?? '')
        const transaction = decodeTransaction(fromHex(raw))
        assert.deepEqual(senderOf(transaction), addressOfKey(key), `${one.name} ${form}`)
        assert.deepEqual(encodeTransaction(transaction), fromHex(raw), `${one.name} ${form}`)
        const { yParity: _, r: _r, s: _s, ...unsigned } = transaction
        const again = signTransaction(unsigned, key)
        assert.equal(toHex(encodeTransaction(again)), raw, `${one.name} ${form}`)
        ran += 1
      }
    }
    assert.equal(ran, signedForms)
  })

  test('32 signed blob transactions are told to be of a type that is not supported', async () => {
    const cases = await vectorJson<readonly Record<string, string>[]>(
      ...(['wallet/wallet', 'ethers/transactions.json'] as const),
    )
    const blobs = cases.map(({ signedCancun }) => signedCancun).filter((raw) => raw)
    for (const raw of blobs) {
      assert.throws(() => decodeTransaction(fromHex(raw ?? '')), {
        code: 'ledger/type-unsupported',
        data: { type: 3 },
      })
    }
    assert.equal(blobs.length, 32)
  })
})

/** Of 800 transactions, in the forms that they have; 384 have no chain id to bind them to (EIP-155). */
const signedForms = 2_816
