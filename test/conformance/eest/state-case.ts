/** Runs a public state test: one transaction, whose root and logs must be the expected ones. */

import { AppError } from '../../../src/base/app-error.ts'
import { fromBigInt, fromHex, padStart, toHex } from '../../../src/base/bytes.ts'
import type { BlockContext, Evm } from '../../../src/chain/evm/evm.ts'
import type { Log } from '../../../src/chain/ledger/log-list.ts'
import { encodeRlp } from '../../../src/chain/ledger/rlp.ts'
import { decodeTransaction, senderOf } from '../../../src/chain/ledger/transaction-codec.ts'
import { keccak256 } from '../../../src/crypto/keccak.ts'
import { type Accounts, stateOf } from './accounts.ts'
import type { TestConfig } from './forks.ts'

/** One test: each fork has its list of results. */
export interface StateTest {
  readonly env: Readonly<Record<string, string>>
  readonly pre: Accounts
  readonly post: Readonly<Record<string, readonly ExpectedState[]>>
  readonly config?: TestConfig
}

/** What a transaction must lead to. */
export interface ExpectedState {
  readonly hash: string
  readonly logs: string
  readonly txbytes: string
  readonly expectException?: string
}

/** Runs one result of a test; gives what is wrong, or nothing. */
export async function stateFault(
  evm: Evm,
  { env, pre }: StateTest,
  expected: ExpectedState,
): Promise<string | undefined> {
  const before = stateOf(pre)
  let after = before
  let logs: readonly Log[] = []
  let refusal: string | undefined
  try {
    const transaction = decodeTransaction(fromHex(expected.txbytes))
    const sender = senderOf(transaction)
    const run = await evm.openBlock(before, blockOf(env), { bare: true })
    const result = sender && (await run.add(transaction, sender))
    if (result?.kind === 'executed') {
      logs = [...result.receipt.logs]
      const end = await run.finish([])
      if (end.kind === 'invalid') return end.detail
      after = before.apply(end.difference)
    } else refusal = result ? `${result.rule}: ${result.detail}` : 'signature'
  } catch (error) {
    if (!(error instanceof AppError)) return String(error)
    refusal = error.message
  }
  if (!refusal && expected.expectException) return `not refused for ${expected.expectException}`
  if (refusal && !expected.expectException) return `refused: ${refusal}`
  if (logsHash(logs) !== expected.logs) return 'other logs'
  return toHex(after.root) === expected.hash ? undefined : 'another root'
}

function blockOf(env: StateTest['env']): BlockContext {
  const number = (name: string) => BigInt(env[name] ?? 0)
  return {
    ...{ number: number('currentNumber'), timestamp: number('currentTimestamp') },
    ...{ gasLimit: number('currentGasLimit'), baseFeePerGas: number('currentBaseFee') },
    ...{ difficulty: number('currentDifficulty'), excessBlobGas: number('currentExcessBlobGas') },
    beneficiary: fromHex(env.currentCoinbase ?? ''),
    mixHash: padStart(fromBigInt(number('currentRandom')), 32),
    ...{ parentBeaconBlockRoot: new Uint8Array(32), parentHash: new Uint8Array(32) },
    // The hash of block n in these tests is keccak-256 of n as decimal text.
    blockHash: (asked) => keccak256(new TextEncoder().encode(String(asked))),
  }
}

function logsHash(logs: readonly Log[]): string {
  return toHex(
    keccak256(encodeRlp(logs.map(({ address, topics, data }) => [address, topics, data]))),
  )
}
