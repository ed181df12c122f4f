/** The test network by each consensus. */

import { consensusParts } from '../../../src/node/birth-manifest.ts'
import { testTestnet } from './testnet-check.ts'

for (const consensus of Object.keys(consensusParts)) testTestnet(consensus)
