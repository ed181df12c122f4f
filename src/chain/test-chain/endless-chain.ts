/** Seals blocks as fast as it can and prints each it was told of, until it is killed; with `back` it goes back now and then. */

import { systemClock, systemTimer } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import { createChain } from '../create-chain.ts'
import { encodeTransaction, signTransaction } from '../ledger/transaction-codec.ts'
import { devManifest } from './dev-manifest.ts'

const key = new Uint8Array(32).fill(1)
const sender = addressOfKey(key)
const chain = await createChain(
  {
    folder: process.argv[2] ?? '',
    beneficiary: sender,
    // So small that checkpoints are under way most of the time.
    ...{ history: 3, checkpointBytes: 4_000, stateMemoryBytes: 20_000 },
    manifest: devManifest(sender),
  },
  { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
)
await chain.start()
chain.subscribe((event) => {
  if (event.kind !== 'head') return
  for (const { block } of event.added) {
    process.stdout.write(`${block.header.number} ${block.hash.toHex()}\n`)
  }
})
/** Blocks after which it goes back to where it was some blocks before. */
const [every, far] = [12, 9]
let mark = chain.dev.mark()
for (let sealed = 1; ; sealed += 1) {
  if (process.argv[3] === 'back' && sealed % every === 0) {
    process.stdout.write(`back ${mark.block.header.number}\n`)
    await chain.dev.returnTo(mark)
  }
  if (sealed % every === every - far) {
    mark.release()
    mark = chain.dev.mark()
  }
  const nonce = chain.pool.nextNonce(sender)
  const to = new Uint8Array(20).fill(Number(nonce % 200n) + 1)
  const unsigned = {
    type: 2,
    ...{ chainId: 7n, nonce, gasLimit: 21_000n, to, value: 1n, accessList: [] },
    ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, data: new Uint8Array() },
  } as const
  await chain.submit(encodeTransaction(signTransaction(unsigned, key)))
  await chain.dev.sealNow()
}
