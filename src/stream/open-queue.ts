/** Makes queues: over SQL alone, or carried by a server. */

import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Migration, SqlStore } from '../store/sql.ts'
import { CarriedQueue } from './queue/carried-queue.ts'
import { QueueTable, tableMigrations } from './queue/queue-table.ts'
import { SqlQueue } from './queue/sql-queue.ts'
import type { Queue, QueueOptions } from './queue.ts'
import type { Carrier } from './queue-carrier.ts'

/** What a queue works with. */
export interface QueueDependencies {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics?: Metrics
  /** What brings messages to consumers; without one they take them from SQL. */
  readonly carrier?: Carrier
}

/** Tables of queues. */
export const queueMigrations: readonly Migration[] = tableMigrations

/** A queue in a database with `queueMigrations`. */
export function createQueue(options: QueueOptions, dependencies: QueueDependencies): Queue {
  const { name, capacity = 100_000, leaseMs = 30_000, attempts = 10 } = options
  const table = new QueueTable(dependencies, { name, capacity, leaseMs, attempts })
  const { carrier } = dependencies
  if (carrier === undefined) return new SqlQueue(table, dependencies)
  return new CarriedQueue(table, { ...dependencies, carrier })
}
