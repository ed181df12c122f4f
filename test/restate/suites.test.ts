/** Runs the tests of durable engines on a real Restate server. */

import { describe } from 'node:test'
import { controlsSuite } from '../../src/workflow/engine/controls.suite.ts'
import { deadlinesSuite } from '../../src/workflow/engine/deadlines.suite.ts'
import { durableEngineSuite } from '../../src/workflow/engine/durable-engine.suite.ts'
import { durableWaitsSuite } from '../../src/workflow/engine/durable-waits.suite.ts'
import { migrationSuite } from '../../src/workflow/engine/migration.suite.ts'
import { retractionsSuite } from '../../src/workflow/engine/retractions.suite.ts'
import { runTimeSuite } from '../../src/workflow/engine/run-time.suite.ts'
import { triggerSetsSuite } from '../../src/workflow/engine/trigger-sets.suite.ts'
import { lacksRestate } from './restate-server.ts'
import { testCluster } from './test-cluster.ts'

const lacking = await lacksRestate()

describe('the suites on Restate', { skip: lacking }, () => {
  const { openStore, worldOn } = testCluster()
  durableEngineSuite('an engine on Restate', openStore, worldOn)
  durableWaitsSuite('an engine on Restate', openStore, worldOn)
  migrationSuite('an engine on Restate', openStore, worldOn)
  controlsSuite('an engine on Restate', openStore, worldOn)
  runTimeSuite('an engine on Restate', openStore, worldOn)
  deadlinesSuite('an engine on Restate', openStore, worldOn)
  triggerSetsSuite('an engine on Restate', openStore, worldOn)
  retractionsSuite('an engine on Restate', openStore, worldOn)
})
