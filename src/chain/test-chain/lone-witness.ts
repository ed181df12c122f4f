/** Runs one of four validators, alone, which sees another vote twice and says so once that is on disk, until it is killed. */

import { systemClock, systemTimer } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import { createChain } from '../create-chain.ts'
import { HeldEvidence } from '../held-evidence.ts'
import { governedManifest } from './governed-chain.ts'
import { TestLinks } from './test-links.ts'
import { twoVotes } from './two-votes.ts'
import { validatorKeys } from './voted-chain.ts'

const folder = process.argv[2] ?? ''
const keys = validatorKeys(4)
const links = new TestLinks()
const manifest = governedManifest(keys, 'nobody')
const chain = await createChain(
  { folder, manifest, beneficiary: new Uint8Array(20) },
  {
    ...{ clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
    join: links.join('witness'),
  },
)
await chain.start()
const liar = keys.at(-1)
if (liar) for (const message of twoVotes(chain, liar, 5)) links.tell('witness', message)
for (let isKept = false; !isKept; ) {
  const held = await HeldEvidence.open(`${folder}/${manifest.name}`, silentLogger)
  isKept = held.found.length > 0
  await held.close()
}
process.stdout.write('kept\n')
