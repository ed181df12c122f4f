/** Chaos on three nodes that share a database. */

import { testChaos } from '../chaos-check.ts'

testChaos({ seed: 4, database: 'postgres', workers: 3, kills: 6 })
