/** Lets four validators go through faults as real processes: parted links, an old copy of data, a full disk, garbage. */

import { type TestContext, test } from 'node:test'
import { Agreement } from '../../network/agreement.ts'
import { type FaultyNetwork, faults } from '../../network/faults.ts'
import { startFaultyNetwork } from '../../network/faulty-network.ts'
import { TransferLoad } from '../../network/transfer-load.ts'
import { temporaryFolder } from '../program.ts'

const each = ['partition', 'yesterday', 'disk', 'garbage', 'proxy'] as const
const seconds = 6

test('four validators hold one chain through faults, and no transfer is lost', {
  timeout: 300_000,
}, async (t) => {
  const endings: (() => Promise<void>)[] = []
  // The last that was begun ends first: a folder cannot go while a disk is in it.
  t.after(async () => {
    for (const run of endings) await run()
  })
  const ending = { after: (run: () => Promise<void>) => void endings.unshift(run) }
  const folder = await temporaryFolder(ending)
  const network = await startFaultyNetwork(ending, { folder, count: 4, diskMebibytes: 128 })
  const { validators } = network
  const agreement = new Agreement(validators)
  const load = await TransferLoad.open(validators.urls)
  load.start({ perSecond: 50 })
  for (const name of each) {
    await t.test(name, async (part) => suffer(part, name, network))
    await agreement.compare()
  }
  await load.settle()
  await agreement.compare()
  agreement.hasAll(load.sent.keys())
  agreement.nobodyLied()
})

async function suffer(t: TestContext, name: (typeof each)[number], network: FaultyNetwork) {
  if (name === 'disk' && network.disk === undefined) {
    t.skip('this user may not mount a file system in memory for it')
    return
  }
  t.diagnostic((await faults[name]?.(network, seconds)) ?? '')
}
