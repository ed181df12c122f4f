/** Runs public state tests of Cancun, Prague and Osaka: each transaction must give the expected root and logs. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../../src/base/app-error.ts'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { createEvm } from '../../src/chain/evm/create-evm.ts'
import type { BlockContext, Evm } from '../../src/chain/evm/evm.ts'
import { systemAccounts } from '../../src/chain/evm/system-contracts.ts'
import type { Log } from '../../src/chain/ledger/block.ts'
import { type Hardfork, rulesOfOne } from '../../src/chain/ledger/fork-rules.ts'
import { encodeRlp } from '../../src/chain/ledger/rlp.ts'
import { decodeTransaction, senderOf } from '../../src/chain/ledger/transaction-codec.ts'
import type { State } from '../../src/chain/state/state.ts'
import { genesisState } from '../../src/chain/state/trie-state.ts'
import { keccak256 } from '../../src/crypto/keccak.ts'
import { skipVectors, vectorFiles, vectorJson } from './vectors.ts'

interface Account {
  readonly nonce: string
  readonly balance: string
  readonly code: string
  readonly storage: Readonly<Record<string, string>>
}

interface StateTest {
  readonly env: Readonly<Record<string, string>>
  readonly pre: Readonly<Record<string, Account>>
  readonly post: Readonly<Record<string, readonly Expected[]>>
  readonly config: { readonly chainid: string }
}

interface Expected {
  readonly hash: string
  readonly logs: string
  readonly txbytes: string
  readonly expectException?: string
}

type Result = 'passed' | 'failed' | 'blob' | 'system'

const system = new Set<string>(systemAccounts('osaka').map(({ address }) => toHex(address)))

function stateOf(pre: StateTest['pre']): State {
  return genesisState(
    Object.entries(pre).map(([address, { nonce, balance, code, storage }]) => ({
      address: fromHex(address),
      ...{ nonce: BigInt(nonce), balance: BigInt(balance), code: fromHex(code) },
      storage: Object.entries(storage).map(
        ([slot, value]) => [BigInt(slot), BigInt(value)] as const,
      ),
    })),
  )
}

function blockOf(env: StateTest['env']): BlockContext {
  const number = (name: string) => BigInt(env[name] ?? 0)
  return {
    ...{ number: number('currentNumber'), timestamp: number('currentTimestamp') },
    ...{ gasLimit: number('currentGasLimit'), baseFeePerGas: number('currentBaseFee') },
    beneficiary: fromHex(env.currentCoinbase ?? ''),
    difficulty: number('currentDifficulty'),
    mixHash: fromHex(`0x${number('currentRandom').toString(16).padStart(64, '0')}`),
    excessBlobGas: number('currentExcessBlobGas'),
    ...{ parentBeaconBlockRoot: new Uint8Array(32), parentHash: new Uint8Array(32) },
    // The hash of block n in these tests is keccak-256 of n as decimal text.
    blockHash: (asked) => keccak256(new TextEncoder().encode(String(asked))),
  }
}

const logsHash = (logs: readonly Log[]): string =>
  toHex(keccak256(encodeRlp(logs.map(({ address, topics, data }) => [address, topics, data]))))

async function run(evm: Evm, one: StateTest, expected: Expected): Promise<Result> {
  // Blobs are off on this chain, and these tests want no system calls, which contracts in the state would get.
  if (expected.txbytes.startsWith('0x03')) return 'blob'
  if (Object.keys(one.pre).some((address) => system.has(address.toLowerCase()))) return 'system'
  const before = stateOf(one.pre)
  let after = before
  let logs = logsHash([])
  try {
    const transaction = decodeTransaction(fromHex(expected.txbytes))
    const sender = senderOf(transaction)
    const opened = await evm.openBlock(before, blockOf(one.env))
    const result = sender && (await opened.add(transaction, sender))
    if (result?.kind === 'executed') {
      if (expected.expectException) return 'failed'
      logs = logsHash(result.receipt.logs)
      const block = await opened.finish([])
      if (block.kind === 'executed') after = before.apply(block.difference)
    } else if (!expected.expectException) return 'failed'
  } catch (error) {
    if (!(error instanceof AppError && expected.expectException)) return 'failed'
  }
  return toHex(after.root) === expected.hash && logs === expected.logs ? 'passed' : 'failed'
}

/** Blobs, and the precompile that checks them, are off on this chain. */
const ofBlobs = /point_evaluation|precompile_0x0{38}0a/

/** With QS_EEST=all every test runs, which takes long; else each n-th file. */
const everyNth = process.env.QS_EEST === 'all' ? 1 : 12

describe('state tests', { skip: skipVectors() }, () => {
  const sets: readonly [Hardfork, string, { quick: number; all: number }][] = [
    ['cancun', 'Cancun', { quick: 110, all: 962 }],
    ['prague', 'Prague', { quick: 153, all: 1_887 }],
    ['osaka', 'Osaka', { quick: 705, all: 7_917 }],
  ]
  for (const [hardfork, name, expectedCounts] of sets) {
    test(`${name}: every root and all logs are as expected`, { timeout: 3_600_000 }, async () => {
      const set = `eest/state-${hardfork}`
      const evms = new Map<string, Evm>()
      const counts: Record<Result, number> = { passed: 0, failed: 0, blob: 0, system: 0 }
      const failures: string[] = []
      const files = (await vectorFiles(set, '.')).filter((_, at) => at % everyNth === 0)
      for (const file of files) {
        const cases = await vectorJson<Record<string, StateTest>>(set, file)
        for (const [title, one] of Object.entries(cases)) {
          const chainId = one.config.chainid
          const evm = evms.get(chainId) ?? (await createEvm(rulesOfOne(BigInt(chainId), hardfork)))
          evms.set(chainId, evm)
          for (const expected of one.post[name] ?? []) {
            const result = ofBlobs.test(`${file} ${title}`) ? 'blob' : await run(evm, one, expected)
            counts[result] += 1
            if (result === 'failed') failures.push(`${file} ${title}`)
          }
        }
      }
      const { passed, failed, blob } = counts
      process.stdout.write(
        `# ${name}: ${passed} passed, ${failed} failed, ${blob} with blobs and ${counts.system} with system contracts left out\n`,
      )
      assert.deepEqual(failures.slice(0, 20), [])
      assert.equal(passed, expectedCounts[everyNth === 1 ? 'all' : 'quick'])
    })
  }
})
