/** Runs public transactions: those to be taken or refused by each fork, and signed ones of the types 0 to 3. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../../src/base/app-error.ts'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { brokenFieldRule } from '../../src/chain/ledger/field-rules.ts'
import { type Hardfork, type Rules, rulesOf } from '../../src/chain/ledger/fork-rules.ts'
import { knownGas } from '../../src/chain/ledger/intrinsic-gas.ts'
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

interface Verdict {
  readonly sender?: string
  readonly hash?: string
  readonly intrinsicGas: string
  readonly exception?: string
}

/** The names that the vectors give to forks. */
const forks: Readonly<Record<string, Hardfork>> = {
  ...{ Frontier: 'frontier', Homestead: 'homestead', EIP150: 'tangerine-whistle' },
  ...{ EIP158: 'spurious-dragon', Byzantium: 'byzantium', Constantinople: 'constantinople' },
  ...{ ConstantinopleFix: 'petersburg', Istanbul: 'istanbul', Berlin: 'berlin' },
  ...{ London: 'london', Paris: 'paris', Shanghai: 'shanghai', Cancun: 'cancun' },
}

/** What makes a transaction unacceptable without looking at a state. */
function broken(transaction: Transaction, rules: Rules): string | undefined {
  const { gasLimit } = transaction
  const field = brokenFieldRule(transaction, rules, 1n)
  if (field) return field.rule
  if (senderOf(transaction, rules.hardfork) === undefined) return 'sender'
  const cap = 'gasPrice' in transaction ? transaction.gasPrice : transaction.maxFeePerGas
  if ((gasLimit * cap) >> 256n) return 'cost'
  return gasLimit < knownGas(transaction, rules).intrinsic ? 'intrinsic gas' : undefined
}

/** For the vectors' names of faults, what may be found; a wrong chain or signature may show in v already. */
const faults: readonly (readonly [RegExp, readonly (string | undefined)[]])[] = [
  [/^$/, [undefined]],
  [/^INVALID_CHAINID$/, ['chain-id', 'encoding', 'signature']],
  [/^(INVALID_SIGNATURE_VRS|EC_RECOVERY_FAIL)$/, ['sender', 'encoding', 'signature', 'chain-id']],
  [/^NONCE_TOO_BIG$/, ['nonce-too-high']],
  [/^INITCODE_SIZE_EXCEEDED$/, ['init-code-size']],
  [/^GASLIMIT_PRICE_PRODUCT_OVERFLOW$/, ['cost']],
  [/^INTRINSIC_GAS_TOO_LOW$/, ['intrinsic gas']],
  [/^PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS/, ['tip-above-fee-cap']],
  [/^TYPE_NOT_SUPPORTED$/, ['type-unsupported', 'encoding']],
  [/^(RLP_|ADDRESS_)/, ['encoding']],
  [/^(NONCE|VALUE|GASLIMIT|GASPRICE|PRIORITY)_OVERFLOW$/, ['encoding']],
]

function assertFault(exception: string | undefined, found: string | undefined, name: string): void {
  const fault = (exception ?? '').replace('TransactionException.', '')
  const [, expected] = faults.find(([pattern]) => pattern.test(fault)) ?? []
  assert.ok(expected?.includes(found), `${name}: ${fault || 'valid'}, but found ${found}`)
}

describe('transactions', { skip: skipVectors() }, () => {
  test('210 byte strings are taken or refused as each fork does, 2,665 verdicts in all', async () => {
    const set = 'ethereum-tests/legacy'
    const ran = { files: 0, taken: 0, refused: 0 }
    for (const file of await vectorFiles(set, 'TransactionTests')) {
      const cases = await vectorJson<
        Record<string, { txbytes: string; result: Record<string, Verdict> }>
      >(set, file)
      for (const [name, { txbytes, result }] of Object.entries(cases)) {
        const transaction = readOrRefuse(fromHex(txbytes), name)
        for (const [fork, expected] of Object.entries(result)) {
          const hardfork = forks[fork]
          assert.ok(hardfork, fork)
          const rules = rulesOf(hardfork)
          const reason = transaction === undefined ? 'encoding' : broken(transaction, rules)
          assertFault(expected.exception, reason, `${file} ${name} ${fork}`)
          if (!transaction || expected.exception !== undefined) {
            ran.refused += 1
            continue
          }
          const sender = senderOf(transaction, hardfork) ?? new Uint8Array()
          assert.equal(toHex(sender), expected.sender, name)
          assert.equal(toHex(transactionHash(transaction)), expected.hash, name)
          assert.equal(knownGas(transaction, rules).intrinsic, BigInt(expected.intrinsicGas), name)
          ran.taken += 1
        }
        ran.files += 1
      }
    }
    assert.deepEqual(ran, verdicts)
  })

  test('signed transactions of the types 0 to 3 are read, and signed again to the same bytes', async () => {
    const cases = await vectorJson<readonly Record<string, string>[]>(
      'wallet/wallet',
      'ethers/transactions.json',
    )
    let ran = 0
    for (const one of cases) {
      for (const form of [
        'signedLegacy',
        'signedEip155',
        'signedBerlin',
        'signedLondon',
        'signedCancun',
      ]) {
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
})

/** A transaction, or `undefined` if its bytes are refused by an AppError. */
function readOrRefuse(bytes: Uint8Array, name: string): Transaction | undefined {
  try {
    return decodeTransaction(bytes)
  } catch (error) {
    assert.ok(error instanceof AppError, `${name}: ${error}`)
    return undefined
  }
}

/** Transactions, and verdicts of the forks on them. */
const verdicts = { files: 210, taken: 606, refused: 2_059 }
/** Of 800 transactions, in the forms that they have; 384 have no chain id to bind them to (EIP-155). */
const signedForms = 2_848
