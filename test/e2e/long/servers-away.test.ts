/** Takes PostgreSQL and Redis away from a node under load for a minute. */

import { test } from 'node:test'
import { databaseAway, queueAway } from '../../chaos/servers-away.ts'

test(
  'a database that is away for a minute: the node says so, waits, and nothing is lost',
  {
    timeout: 500_000,
  },
  (t) => databaseAway(t, 60_000),
)

test(
  'a Redis that hangs for a minute, is lost for another and comes back empty: nothing is lost',
  {
    timeout: 580_000,
  },
  (t) => queueAway(t, 60_000),
)
