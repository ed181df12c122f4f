/** Lists the tables of this room besides those that declarations make. */

import type { Migration } from '../store/sql.ts'

/** Tables of what is declared, how far it is filled, and what failed. */
export const projectionMigrations: readonly Migration[] = [
  {
    id: 'projection/001-projections',
    statements: [
      `CREATE TABLE projections (
        name TEXT PRIMARY KEY,
        chain TEXT NOT NULL,
        form TEXT NOT NULL,
        state TEXT NOT NULL,
        fill_next INTEGER NOT NULL,
        fill_last INTEGER NOT NULL
      )`,
      `CREATE TABLE projection_failures (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        projection TEXT NOT NULL,
        block INTEGER NOT NULL,
        place INTEGER NOT NULL,
        record TEXT NOT NULL,
        reason TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        UNIQUE (projection, block, place)
      )`,
      `CREATE TABLE projection_blocks (
        projection TEXT NOT NULL,
        number INTEGER NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (projection, number)
      )`,
    ],
  },
]
