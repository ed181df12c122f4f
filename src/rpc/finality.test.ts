/** Checks that proofs of finality that a node gives hold for who runs none, and that others do not. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Hex, toHex } from '../base/bytes.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { Chain } from '../chain/chain.ts'
import { createChain } from '../chain/create-chain.ts'
import { manifestToJson, parseManifest } from '../chain/ledger/manifest-codec.ts'
import { encodeTransaction, signTransaction } from '../chain/ledger/transaction-codec.ts'
import { signingKey } from '../crypto/signatures.ts'
import { verifyFinality } from './finality-proof.ts'
import { createRpc } from './rpc.ts'
import { open, refused } from './test-chain/ask.ts'
import { testAccounts, testManifest } from './test-chain/open-chain.ts'
import { verifyTransactionProof } from './transaction-proof.ts'

type Fields = Record<string, Json>

/** A chain with one validator, and its JSON-RPC. */
async function openVoted(t: TestContext) {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-finality-'))
  const key = signingKey('ml-dsa-65', new Uint8Array(32).fill(7))
  const { scheme } = key
  const validator = { scheme, publicKey: toHex(key.publicKey), payTo: `0x${'11'.repeat(20)}` }
  const manifest = parseManifest(
    JSON.stringify({
      ...JSON.parse(manifestToJson(testManifest({ name: 'voted' }))),
      consensus: { engine: 'bft', validators: [{ ...validator, weight: '1' }] },
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
    world,
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
  return { chain, rpc, ask: async (...asked: [string, ...Json[]]) => call(rpc, ...asked) }
}

async function call(rpc: ReturnType<typeof createRpc>, method: string, ...params: Json[]) {
  return (await rpc.call(method, params)) as Fields
}

/** Resolves when a chain has this height. */
function reached(chain: Chain, height: bigint): Promise<void> {
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

test('a transaction is final by two proofs and a trusted first block', async (t) => {
  const { chain, ask, rpc } = await openVoted(t)
  const raw = encodeTransaction(
    signTransaction(
      {
        ...{ type: 2, chainId: 20_250n, nonce: 0n, gasLimit: 21_000n, value: 1n },
        ...{ to: new Uint8Array(20).fill(9), data: new Uint8Array(), accessList: [] },
        ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
      },
      testAccounts[0]?.key ?? new Uint8Array(),
    ),
  )
  const hash = toHex(await chain.submit(raw))
  await reached(chain, 3n)
  const place = await ask('qs_transactionProof', hash)
  const proof = await ask('qs_finalityProof', '0x0', place.blockNumber as Hex)
  const trusted = {
    ...{ chainKey: toHex(chain.key), number: 0n },
    hash: toHex(chain.blockHash(0n) ?? new Uint8Array()),
  }
  const final = verifyFinality(proof, trusted)
  assert.equal(proof.isWhole, true)
  const shown = verifyTransactionProof(place, final.hash)
  assert.deepEqual([shown.transactionHash, shown.blockNumber], [hash, final.number])
  const wrong = { code: 'rpc/bad-proof' }
  const altered = (change: Fields) =>
    assert.throws(() => verifyFinality({ ...proof, ...change }, trusted), wrong)
  const steps = proof.steps as Fields[]
  const [first = {}] = steps
  altered({ number: '0x7' })
  altered({ hash })
  altered({ chainKey: hash })
  altered({ steps: [] })
  altered({ steps: [...steps, first] })
  altered({ steps: [{ ...first, validators: null }] })
  altered({ steps: [{ ...first, certificate: `${String(first.certificate).slice(0, -2)}00` }] })
  altered({ steps: [{ ...first, header: String(first.header).toUpperCase() }] })
  altered({ start: { ...(proof.start as Fields), record: '0x' } })
  altered({ start: 1 })
  assert.throws(() => verifyFinality(proof, { ...trusted, hash }), wrong)
  assert.throws(() => verifyFinality(proof, { ...trusted, chainKey: hash }), wrong)
  assert.throws(() => verifyFinality(proof, { ...trusted, number: 1n }), wrong)
  const past = await refused(rpc, 'qs_finalityProof', '0x3', '0x1')
  assert.match(past.message, /from an earlier block to a later one/)
  const unknown = await refused(rpc, 'qs_finalityProof', '0x0', '0xffff')
  assert.match(unknown.message, /no certificates/)
})

test('a chain that is not voted on has no proofs of finality', async (t) => {
  const { rpc } = await open(t)
  assert.match((await refused(rpc, 'qs_finalityProof')).message, /must be voted on/)
})
