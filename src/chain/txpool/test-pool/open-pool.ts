/** Opens pools over small states and signs transactions for them, for tests. */

import assert from 'node:assert/strict'
import { equalBytes } from '../../../base/bytes.ts'
import { addressOfKey } from '../../../crypto/secp256k1.ts'
import { type Hardfork, rulesOf } from '../../ledger/fork-rules.ts'
import type { UnsignedTransaction } from '../../ledger/transaction.ts'
import { encodeTransaction, signTransaction } from '../../ledger/transaction-codec.ts'
import { genesisState } from '../../state/trie-state.ts'
import { createTxPool, type TxPoolOptions } from '../create-txpool.ts'
import type { PoolHead } from '../txpool.ts'

export const [alice, bob] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
]
export const gwei = 10n ** 9n

/** The chain's head after Alice has sent some. */
export function headAt(
  aliceNonce: bigint,
  balance = 10n ** 18n,
  code = new Uint8Array(),
): PoolHead {
  const account = (key: Uint8Array, nonce: bigint) => ({
    ...{ address: addressOfKey(key), balance, nonce, code, storage: [] },
  })
  const state = genesisState([account(alice, aliceNonce), account(bob, 0n)])
  return { state, baseFeePerGas: gwei, gasLimit: 30_000_000n, rules: rulesOf('osaka') }
}

export const pool = (options: Partial<TxPoolOptions> = {}, hardfork: Hardfork = 'osaka') =>
  createTxPool({ chainId: 7n, ...options }, { ...headAt(0n), rules: rulesOf(hardfork) })

export function raw(key: Uint8Array, nonce: bigint, fields: Partial<UnsignedTransaction> = {}) {
  const unsigned = {
    ...{
      type: 2,
      chainId: 7n,
      nonce,
      gasLimit: 21_000n,
      to: new Uint8Array(20).fill(9),
      value: 1n,
    },
    ...{ maxFeePerGas: 10n * gwei, maxPriorityFeePerGas: gwei, accessList: [] },
    ...{ data: new Uint8Array(), ...fields },
  } as UnsignedTransaction
  return encodeTransaction(signTransaction(unsigned, key))
}

/** What left a pool, in words. */
export function watched(options: Partial<TxPoolOptions> = {}) {
  const dropped: string[] = []
  const one = pool({
    ...options,
    dropped: ({ entry, reason, error }) => {
      assert.match(error.message, new RegExp(`^transaction 0x${entry.hash.toHex()} `))
      assert.equal(error.code, `txpool/${reason}`)
      dropped.push(`${reason} ${nameOf(entry.sender)} ${entry.transaction.nonce}`)
    },
  })
  return { one, dropped }
}

export const nameOf = (sender: Uint8Array) =>
  ['alice', 'bob'].find((_, at) => equalBytes(sender, addressOfKey([alice, bob][at] ?? alice)))
