/** Takes PostgreSQL and Redis away from a node under load for a moment. */

import { test } from 'node:test'
import { databaseAway, queueAway } from '../chaos/servers-away.ts'

test(
  'a database that is away for three seconds: the node says so, waits, and nothing is lost',
  {
    timeout: 240_000,
  },
  (t) => databaseAway(t, 3_000),
)

test(
  'a Redis that hangs, is lost and comes back empty: the node says so, and nothing is lost',
  {
    timeout: 240_000,
  },
  (t) => queueAway(t, 2_000),
)
