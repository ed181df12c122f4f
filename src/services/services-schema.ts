/** Lists the tables of this room. */

import type { Migration } from '../store/sql.ts'
import { notificationMigrations } from './notify/notification-tables.ts'
import { sinkMigrations } from './sinks/sink-tables.ts'

/** Tables of notifications, records and sinks. */
export const servicesMigrations: readonly Migration[] = [
  {
    id: 'services/001-outcomes',
    statements: [
      `CREATE TABLE records (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        instance_id TEXT NOT NULL,
        workflow TEXT NOT NULL,
        key TEXT NOT NULL,
        data TEXT NOT NULL,
        at_ms INTEGER NOT NULL
      )`,
    ],
  },
  ...sinkMigrations,
  ...notificationMigrations,
]
