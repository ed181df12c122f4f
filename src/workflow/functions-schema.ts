/** Defines the tables of functions: their versions, routes and last runs. */

import type { Migration } from '../store/sql.ts'

/** The tables of functions and of their last runs. */
export const functionMigrations: readonly Migration[] = [
  {
    id: 'workflow/100-functions',
    statements: [
      `CREATE TABLE function_versions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        manifest TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        is_current INTEGER NOT NULL,
        UNIQUE (name, version)
      )`,
      `CREATE TABLE function_files (
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        path TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (name, version, path)
      )`,
      `CREATE TABLE function_runs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        provider TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        ms INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        error TEXT,
        log TEXT NOT NULL
      )`,
      'CREATE TABLE function_routes (name TEXT PRIMARY KEY, provider TEXT NOT NULL)',
      'CREATE INDEX function_runs_name ON function_runs (name, seq)',
    ],
  },
]
