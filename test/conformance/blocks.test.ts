/** Runs a sample of the public block tests of every fork; `npm run test:evm` runs them all. */

import { sampleTests } from './eest/sample.ts'
import { blockSets } from './eest/sets.ts'

sampleTests('block tests', blockSets, (test) => {
  test.lastblockhash = `0x${'11'.repeat(32)}`
})
