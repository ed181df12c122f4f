/** Runs transactions and system calls against contracts of a genesis, a block each, and reads their storage as engines do. */

import assert from 'node:assert/strict'
import { fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import type { ContractReader } from '../consensus/contract-reader.ts'
import type { SystemCall } from '../consensus/system-calls.ts'
import { systemAddress, systemCallGas } from '../evm/block-rules.ts'
import { createEvm } from '../evm/create-evm.ts'
import type { BlockContext } from '../evm/evm.ts'
import { systemAccounts } from '../evm/system-contracts.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import type { GenesisAccount } from '../ledger/manifest.ts'
import type { Address, UnsignedTransaction } from '../ledger/transaction.ts'
import { signTransaction } from '../ledger/transaction-codec.ts'
import { createOverlay } from '../state/state-overlay.ts'
import { genesisState } from '../state/trie-state.ts'

const chainId = 7n
const gwei = 10n ** 9n

/** The private key of an account that has ether, by its number from 1. */
const accountKey = (number: number) => new Uint8Array(32).fill(number)

/** Its address. */
export const accountOf = (number: number): Address => addressOfKey(accountKey(number))

/** A chain with a contract on it and nine accounts that have ether. */
export async function contractWorld(contract: GenesisAccount) {
  const evm = await createEvm(rulesOfOne(chainId, 'osaka'))
  const rich = Array.from({ length: 9 }, (_, at) => ({
    ...{ address: accountOf(at + 1), balance: 10n ** 24n, nonce: 0n },
    ...{ code: new Uint8Array(), storage: [] },
  }))
  let state = genesisState([...rich, contract, ...systemAccounts('osaka')])
  let number = 0n
  const zero = new Uint8Array(32)
  const block = (): BlockContext => ({
    ...{ number, timestamp: 1_000n + number, beneficiary: new Uint8Array(20), difficulty: 0n },
    ...{ gasLimit: 30_000_000n, baseFeePerGas: gwei, mixHash: zero, excessBlobGas: 0n },
    ...{ parentBeaconBlockRoot: zero, parentHash: zero, blockHash: () => undefined },
  })
  const reader: ContractReader = {
    storage: (address, slot) => padStart(fromBigInt(state.storage(address, toBigInt(slot))), 32),
  }
  return {
    reader,
    /** The number of the last block. */
    height: () => number,
    /** Sends a transaction to the contract in a block of its own; it must succeed. */
    async send(from: number, data: Uint8Array, value = 0n): Promise<void> {
      number += 1n
      const key = accountKey(from)
      const run = await evm.openBlock(state, block())
      const unsigned = {
        ...{ type: 2, chainId, nonce: run.nonceOf(accountOf(from)), gasLimit: 16_000_000n },
        ...{ to: contract.address, value, data, accessList: [] },
        ...{ maxFeePerGas: 2n * gwei, maxPriorityFeePerGas: 0n },
      } as UnsignedTransaction
      const result = await run.add(signTransaction(unsigned, key), accountOf(from))
      assert.ok(
        result.kind === 'executed' && result.halt === undefined,
        JSON.stringify(result.kind),
      )
      const ended = await run.finish([])
      assert.ok(ended.kind === 'executed')
      state = ended.state
    },
    /** Runs a call of the protocol at the end of the last block; it must succeed. */
    async system({ to, data }: SystemCall): Promise<void> {
      const overlay = createOverlay(state)
      const { halt } = await evm.call(overlay, block(), {
        ...{ from: systemAddress, to, value: 0n, data, gasLimit: systemCallGas },
        ...{ gasPrice: 0n, accessList: [] },
      })
      assert.equal(halt, undefined)
      state = state.apply(overlay.difference())
    },
    /** What a view of the contract gives. */
    async view(data: Uint8Array): Promise<Uint8Array> {
      const { halt, output } = await evm.call(state, block(), {
        ...{ from: systemAddress, to: contract.address, value: 0n, data, gasLimit: systemCallGas },
        ...{ gasPrice: 0n, accessList: [] },
      })
      assert.equal(halt, undefined)
      return output
    },
  }
}
