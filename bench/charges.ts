/** Measures what a validator's machine spends on one block, for simulations that charge it. */

import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock, systemTimer } from '../src/base/clock.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { createChain } from '../src/chain/create-chain.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import { isSignature, type SignatureScheme, signingKey } from '../src/crypto/signatures.ts'
import { senders, tokenAccounts, transferData } from './evm.ts'
import { threadMs } from './measure.ts'

/** Milliseconds. */
export interface Charges {
  readonly sign: number
  readonly verify: number
  /** Runs a block from its transactions to the roots, and stores it. */
  readonly execute: number
  /** Makes a small write durable. */
  readonly fsync: number
}

/** Charges of a chain whose validators sign by a scheme and whose blocks hold so many transfers of a token. */
export async function measuredCharges(
  scheme: SignatureScheme,
  transfers: number,
): Promise<Charges> {
  const key = signingKey(scheme, new Uint8Array(32).fill(5))
  const message = new Uint8Array(127).fill(1)
  const signature = key.sign(message)
  return {
    sign: meanMs(200, () => key.sign(message)),
    verify: meanMs(400, () => isSignature(key, message, signature)),
    execute: await executionMs(transfers),
    fsync: await fsyncMs(),
  }
}

/** After as many runs that are not counted, since the first ones compile. */
function meanMs(count: number, run: () => unknown): number {
  for (let warm = 0; warm < count; warm += 1) run()
  const begun = threadMs()
  for (let done = 0; done < count; done += 1) run()
  return (threadMs() - begun) / count
}

/** The median of five blocks after three. */
async function executionMs(transfers: number): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'charges-'))
  const { token, accounts } = await tokenAccounts()
  const nonces = new Map(accounts.map(({ address, nonce }) => [address.toHex(), nonce]))
  const chain = await createChain(
    {
      ...{ folder, manifest: tokenChain(accounts, transfers), beneficiary: new Uint8Array(20) },
      pool: { maxTransactions: 2 * transfers, maxPerSender: transfers },
    },
    { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
  )
  await chain.start()
  const times: number[] = []
  for (let round = 0; round < 8; round += 1) {
    for (let at = 0; at < transfers; at += 1) {
      const sender = senders[at % senders.length] as Uint8Array
      const nonce = nonces.get(sender.toHex()) ?? 0n
      nonces.set(sender.toHex(), nonce + 1n)
      const call = { nonce, gasLimit: 60_000n, to: token, value: 0n, data: transferData(at) }
      const fees = { accessList: [], maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 1n }
      await chain.dev.submitAs({ type: 2, chainId: 7n, ...call, ...fees }, sender)
    }
    const begun = threadMs()
    const block = await chain.dev.sealNow()
    // On a busy machine a block is closed before it holds all.
    times.push((threadMs() - begun) / block.transactions.length)
  }
  await chain.stop()
  await rm(folder, { recursive: true, force: true })
  return (times.slice(3).toSorted((a, b) => a - b)[2] as number) * transfers
}

function tokenChain(
  accounts: Awaited<ReturnType<typeof tokenAccounts>>['accounts'],
  transfers: number,
): Manifest {
  return {
    ...{ version: 1, name: 'charges', chainId: 7n, forks: [{ hardfork: 'osaka' }] },
    // Blocks come only when they are asked for.
    consensus: { engine: 'dev', blockTimeMs: 86_400_000 },
    genesis: {
      ...{ timestamp: 1_000n, gasLimit: BigInt(transfers) * 100_000n, baseFeePerGas: 7n },
      extraData: new Uint8Array(),
      accounts: accounts.map(({ pieces, ...account }) => ({
        ...account,
        code: Uint8Array.from((pieces[0] ?? []) as readonly number[]),
      })),
    },
  }
}

async function fsyncMs(): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'charges-'))
  const file = await open(path.join(folder, 'log'), 'a')
  const times: number[] = []
  for (let round = 0; round < 40; round += 1) {
    const begun = performance.now()
    await file.write(new Uint8Array(4_000))
    await file.datasync()
    times.push(performance.now() - begun)
  }
  await file.close()
  await rm(folder, { recursive: true, force: true })
  return times.toSorted((a, b) => a - b)[20] as number
}
