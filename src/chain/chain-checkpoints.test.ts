/** Starts chains from checkpoints of their state: sound ones, damaged ones, and ones that the chain went back from. */

import assert from 'node:assert/strict'
import { copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { keccak256 } from '../crypto/keccak.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import { type PieceReader, readPieces } from '../store/piece-file.ts'
import type { DrivenChain } from './chain-parts.ts'
import { createChain } from './create-chain.ts'
import { encodeTransaction, signTransaction } from './ledger/transaction-codec.ts'
import { emptyAccount, openCheckpoint } from './state/trie-state.ts'
import { devManifest } from './test-chain/dev-manifest.ts'

const key = new Uint8Array(32).fill(1)
const sender = addressOfKey(key)

const manifest = devManifest(sender)

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-checkpoint-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function openChain(
  folder: string,
  logger: Logger = silentLogger,
  archive = false,
): Promise<DrivenChain> {
  const chain = await createChain(
    {
      ...{ manifest, folder, beneficiary: new Uint8Array(20).fill(9), history: 6 },
      ...{ checkpointBytes: 40_000, stateMemoryBytes: 50_000, archive },
    },
    { clock: systemClock, timer: systemTimer, logger, metrics: noMetrics },
  )
  await chain.start()
  return chain
}

/** Seals blocks, each with some transfers to accounts of their own; gives the transactions' hashes. */
async function seal(chain: DrivenChain, blocks: number): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = []
  for (let block = 0; block < blocks; block += 1) {
    for (let n = 0; n < 5; n += 1) {
      const nonce = chain.pool.nextNonce(sender)
      const to = new Uint8Array(20)
      new DataView(to.buffer).setBigUint64(8, nonce * 0x9e3779b97f4a7c15n)
      const unsigned = {
        type: 2,
        ...{ chainId: 7n, nonce, gasLimit: 21_000n, to, value: nonce + 1n, accessList: [] },
        ...{ maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 1n, data: new Uint8Array() },
      } as const
      hashes.push(await chain.submit(encodeTransaction(signTransaction(unsigned, key))))
    }
    await chain.dev.sealNow()
  }
  const sealed = () => chain.stateAt(chain.head().hash)?.account(sender)?.nonce ?? 0n
  while (sealed() < chain.pool.nextNonce(sender)) await chain.dev.sealNow()
  return hashes
}

/** What anybody could ask of a chain. */
function picture(chain: DrivenChain, hashes: readonly Uint8Array[]) {
  const { number, stateRoot } = chain.head().header
  const state = chain.stateAt(chain.head().hash)
  const past = chain.stateAt(chain.byNumber(number - 2n)?.block.hash ?? new Uint8Array(32))
  return {
    head: chain.head().hash.toHex(),
    stateRoot,
    root: state?.root,
    past: past?.root.toHex(),
    nonce: state?.account(sender)?.nonce,
    blocks: Array.from({ length: Number(number) + 1 }, (_, at) =>
      chain.blockHash(BigInt(at))?.toHex(),
    ),
    transactions: hashes.map((hash) => {
      const place = chain.findTransaction(hash)
      return place && [place.executed.block.header.number, place.position]
    }),
    numbers: [1n, 7n, number].map((one) => {
      const hash = chain.blockHash(one)
      return hash && chain.byHash(hash)?.block.header.number
    }),
  }
}

const checkpointOf = (folder: string) => path.join(folder, 'dev', 'state.checkpoint')

/** Overwrites bytes of a file. */
async function damage(file: string, position: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.write(bytes, 0, bytes.length, position)
  } finally {
    await handle.close()
  }
}

test('a start from a checkpoint knows all that a start from the log does, without reading it', async (t) => {
  const folder = await temporaryFolder(t)
  const chain = await openChain(folder)
  const hashes = await seal(chain, 60)
  const before = picture(chain, hashes)
  await chain.stop()
  const again = await openChain(folder)
  assert.deepEqual(picture(again, hashes), before)
  await again.stop()
  // The fifth block is not looked at by a start, though asking for it tells.
  await damage(path.join(folder, 'dev', 'blocks.log'), 6_000, new Uint8Array(8).fill(0xee))
  const third = await openChain(folder)
  assert.equal(third.head().hash.toHex(), before.head)
  const more = await seal(third, 5)
  assert.ok(more.every((hash) => third.findTransaction(hash)))
  assert.equal(third.stateAt(third.head().hash)?.account(sender)?.nonce, 325n)
  await third.stop()
})

test('a damaged checkpoint is left aside with a warning', async (t) => {
  const folder = await temporaryFolder(t)
  const chain = await openChain(folder)
  const hashes = await seal(chain, 30)
  const before = picture(chain, hashes)
  await chain.stop()
  const file = checkpointOf(folder)
  const { size } = await stat(file)
  await damage(file, size - 200, new Uint8Array(8).fill(0xee))
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
  const again = await openChain(folder, logger)
  assert.match(warnings.join(), /checkpoint .* left aside/)
  assert.deepEqual(picture(again, hashes), before)
  await again.stop()
})

test('a chain that went back behind its checkpoint starts as it was', async (t) => {
  const folder = await temporaryFolder(t)
  const chain = await openChain(folder)
  await seal(chain, 40)
  const { number } = chain.head().header
  await chain.dev.rewindTo(number - 5n)
  const hashes = await seal(chain, 3)
  const before = picture(chain, hashes)
  await chain.stop()
  const again = await openChain(folder)
  assert.deepEqual(picture(again, hashes), before)
  await again.stop()
  await rm(checkpointOf(folder), { force: true })
  const replayed = await openChain(folder)
  assert.deepEqual(picture(replayed, hashes), before)
  await replayed.stop()
})

test('a checkpoint of another log is not used', async (t) => {
  const [folder, other] = [await temporaryFolder(t), await temporaryFolder(t)]
  const chain = await openChain(folder)
  const hashes = await seal(chain, 20)
  const before = picture(chain, hashes)
  await chain.stop()
  const longer = await openChain(other)
  await seal(longer, 50)
  await longer.stop()
  await copyFile(checkpointOf(other), checkpointOf(folder))
  const again = await openChain(folder)
  assert.deepEqual(picture(again, hashes), before)
  await again.stop()
})

test('an archive answers for states of any age, also after going back and a restart', async (t) => {
  const folder = await temporaryFolder(t)
  const chain = await openChain(folder, silentLogger, true)
  const noncesOf = (one: DrivenChain) =>
    Array.from({ length: Number(one.head().header.number) + 1 }, (_, at) => {
      const block = one.byNumber(BigInt(at))?.block
      const state = block && one.stateAt(block.hash)
      assert.deepEqual(state?.root, block?.header.stateRoot, `block ${at}`)
      return state?.account(sender)?.nonce
    })
  await seal(chain, 40)
  await chain.dev.rewindTo(chain.head().header.number - 5n)
  await seal(chain, 20)
  const nonces = noncesOf(chain)
  assert.ok(nonces.length > 50)
  assert.ok(nonces.every((nonce, at) => at === 0 || (nonce ?? 0n) >= (nonces[at - 1] ?? 0n)))
  await chain.stop()
  const again = await openChain(folder, silentLogger, true)
  assert.deepEqual(noncesOf(again), nonces)
  await again.stop()
  const full = await openChain(folder)
  assert.equal(full.stateAt(full.blockHash(3n) ?? new Uint8Array(32)), undefined)
  await full.stop()
})

test('a state is copied as it was, while blocks and checkpoints come', async (t) => {
  const folder = await temporaryFolder(t)
  const chain = await openChain(folder)
  t.after(() => chain.stop())
  const addresses = Array.from({ length: 30_000 }, (_, at) =>
    keccak256(Uint8Array.of(at, at >> 8)).subarray(12),
  )
  await chain.dev.change((overlay) => {
    for (const [at, address] of addresses.entries())
      overlay.setAccount(address, { ...emptyAccount, balance: BigInt(at + 1) })
  })
  await seal(chain, 1)
  const { hash, header } = chain.head()
  const state = chain.stateAt(hash)?.hold()
  assert.ok(state)
  const file = path.join(folder, 'copy.state')
  const portions: number[] = []
  const copying = chain.copyState(state, file, {
    isCancelled: () => false,
    tell: (portion) => portions.push(portion),
  })
  await seal(chain, 20)
  assert.equal(await copying, true)
  assert.ok(portions.length > 1)
  assert.deepEqual(portions, portions.toSorted())
  const copy = openCheckpoint(readPieces(file) as PieceReader).state
  assert.deepEqual(copy.root, header.stateRoot)
  for (const [at, address] of addresses.entries())
    assert.equal(copy.account(address)?.balance, BigInt(at + 1))
  // Checkpoints go on afterwards.
  await seal(chain, 40)
  assert.ok(await stat(path.join(folder, 'dev', 'state.checkpoint')))
})
