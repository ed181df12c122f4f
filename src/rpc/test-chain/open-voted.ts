/** Opens a chain that one validator decides alone, with JSON-RPC, for tests. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { toHex } from '../../base/bytes.ts'
import { systemClock, systemTimer } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import type { Chain } from '../../chain/chain.ts'
import type { JoinNetwork } from '../../chain/chain-network.ts'
import { createChain } from '../../chain/create-chain.ts'
import { manifestToJson, parseManifest } from '../../chain/ledger/manifest-codec.ts'
import { type SigningKey, signingKey } from '../../crypto/signatures.ts'
import { createRpc } from '../rpc.ts'
import { testManifest } from './open-chain.ts'

/** Fields of an answer. */
export type Fields = Record<string, Json>

/** A chain with one validator, and its JSON-RPC; others may be in the set, too light to count. */
export async function openVoted(
  t: TestContext,
  { others = [], join }: { others?: readonly SigningKey[]; join?: JoinNetwork } = {},
) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-finality-'))
  const key = signingKey('ml-dsa-65', new Uint8Array(32).fill(7))
  const validators = [key, ...others].map(({ scheme, publicKey }, at) => ({
    ...{ scheme, publicKey: toHex(publicKey), payTo: `0x${'11'.repeat(20)}` },
    weight: at === 0 ? '100' : '1',
  }))
  const manifest = parseManifest(
    JSON.stringify({
      ...JSON.parse(manifestToJson(testManifest({ name: 'voted' }))),
      consensus: { engine: 'bft', validators },
    }),
  )
  const world = {
    ...{ clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
  }
  const chain = await createChain(
    {
      ...{ manifest, folder, beneficiary: new Uint8Array(20) },
      validators: [{ key, guardFile: path.join(folder, 'guard') }],
    },
    { ...world, ...(join && { join }) },
  )
  const rpc = createRpc(
    { version: '0.0.0', dev: false, port: 0 },
    { chain, accounts: [], ...world },
  )
  t.after(async () => {
    await rpc.stop()
    await chain.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  await chain.start()
  const ask = async (method: string, ...params: Json[]) =>
    (await rpc.call(method, params)) as Fields
  return { chain, rpc, ask }
}

/** Resolves when a chain has this height. */
export function reached(chain: Chain, height: bigint): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (chain.head().header.number < height) return
      stop()
      resolve()
    }
    const stop = chain.subscribe(look)
    look()
  })
}
