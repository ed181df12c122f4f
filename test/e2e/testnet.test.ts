/** The test network by its default consensus; the others take longer than a default run should: `long/testnets.test.ts`. */

import { testTestnet } from './testnet-check.ts'

testTestnet('bft')
