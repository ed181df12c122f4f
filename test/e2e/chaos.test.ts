/** Chaos on one node; several on one database take longer than a default run should: `long/chaos.test.ts`. */

import { testChaos } from './chaos-check.ts'

testChaos({ seed: 2, database: 'sqlite', workers: 1, kills: 3 })
