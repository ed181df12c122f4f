/** Defines the tables of the durable engine. */

import type { Migration } from '../../store/sql.ts'

/** Tables of the engine; SQLite and PostgreSQL take the same text. */
export const engineMigrations: readonly Migration[] = [
  {
    id: 'workflow/001-engine',
    statements: [
      `CREATE TABLE definitions (
        hash TEXT PRIMARY KEY,
        namespace TEXT NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        title TEXT NOT NULL,
        document TEXT NOT NULL,
        source TEXT NOT NULL,
        is_kept INTEGER NOT NULL,
        deployed_at_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX definitions_by_name ON definitions (namespace, name, version)',
      `CREATE TABLE instances (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        namespace TEXT NOT NULL,
        workflow TEXT NOT NULL,
        definition_hash TEXT NOT NULL,
        status TEXT NOT NULL,
        step TEXT,
        reason TEXT,
        event_id TEXT,
        parent_id TEXT,
        depth INTEGER NOT NULL,
        input TEXT NOT NULL,
        output TEXT,
        error TEXT,
        life INTEGER NOT NULL,
        interrupt TEXT,
        comes_back INTEGER NOT NULL DEFAULT 0,
        compensated INTEGER NOT NULL DEFAULT 0,
        nudge BIGINT NOT NULL DEFAULT 0,
        wake_at_ms BIGINT,
        owner BIGINT,
        created_at_ms BIGINT NOT NULL,
        updated_at_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX instances_due ON instances (wake_at_ms) WHERE wake_at_ms IS NOT NULL',
      'CREATE INDEX instances_by_event ON instances (event_id) WHERE event_id IS NOT NULL',
      'CREATE INDEX instances_by_parent ON instances (parent_id) WHERE parent_id IS NOT NULL',
      `CREATE INDEX instances_by_status ON instances (status, seq) WHERE status <> 'completed'`,
      `CREATE TABLE journal (
        instance_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        step TEXT NOT NULL,
        kind TEXT NOT NULL,
        action TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        started_at_ms BIGINT NOT NULL,
        at_ms BIGINT NOT NULL,
        input TEXT,
        output TEXT,
        error TEXT,
        dropped INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (instance_id, seq)
      )`,
    ],
  },
  {
    id: 'workflow/002-waits',
    statements: [
      `CREATE TABLE subscriptions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        instance_id TEXT NOT NULL,
        inbox TEXT NOT NULL,
        type TEXT NOT NULL,
        source TEXT NOT NULL,
        correlation TEXT NOT NULL,
        expected TEXT NOT NULL,
        wish TEXT NOT NULL
      )`,
      'CREATE INDEX subscriptions_by_kind ON subscriptions (type, source, correlation, expected)',
      'CREATE INDEX subscriptions_by_instance ON subscriptions (instance_id, inbox)',
      `CREATE TABLE messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        instance_id TEXT NOT NULL,
        inbox TEXT NOT NULL,
        event_id TEXT NOT NULL,
        event TEXT,
        UNIQUE (instance_id, inbox, event_id)
      )`,
      'CREATE INDEX messages_by_event ON messages (event_id)',
      `CREATE TABLE questions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        instance_id TEXT NOT NULL,
        step TEXT NOT NULL,
        question TEXT NOT NULL,
        status TEXT NOT NULL,
        answer TEXT,
        asked_at_ms BIGINT NOT NULL,
        deadline_at_ms BIGINT
      )`,
      'CREATE INDEX questions_by_status ON questions (status, seq)',
      'CREATE INDEX questions_by_instance ON questions (instance_id)',
      `CREATE TABLE answers (
        question_id TEXT NOT NULL,
        who TEXT NOT NULL,
        answer TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        PRIMARY KEY (question_id, who)
      )`,
      `CREATE TABLE schedules (
        namespace TEXT NOT NULL,
        name TEXT NOT NULL,
        definition_hash TEXT NOT NULL,
        firing TEXT NOT NULL,
        next_at_ms BIGINT,
        PRIMARY KEY (namespace, name)
      )`,
      'CREATE TABLE emitted (seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL)',
      `CREATE TABLE trigger_events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        definition_hash TEXT NOT NULL,
        wish INTEGER NOT NULL,
        event_id TEXT NOT NULL,
        event TEXT NOT NULL,
        UNIQUE (definition_hash, wish, event_id)
      )`,
      `CREATE TABLE workers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        expires_at_ms BIGINT NOT NULL
      )`,
    ],
  },
  {
    id: 'workflow/003-consumed-events',
    statements: [
      'ALTER TABLE messages ADD COLUMN is_chain INTEGER NOT NULL DEFAULT 0',
      `CREATE TABLE consumed_events (
        instance_id TEXT NOT NULL,
        step TEXT NOT NULL,
        event_id TEXT NOT NULL,
        inbox TEXT NOT NULL,
        has_left INTEGER NOT NULL DEFAULT 0,
        reopened INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (instance_id, step)
      )`,
      'CREATE INDEX consumed_events_by_event ON consumed_events (event_id)',
      'CREATE INDEX trigger_events_by_event ON trigger_events (event_id)',
    ],
  },
  {
    id: 'workflow/004-archived-instances',
    statements: [
      `CREATE TABLE archived_instances (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        namespace TEXT NOT NULL,
        workflow TEXT NOT NULL,
        status TEXT NOT NULL,
        event_id TEXT,
        created_at_ms BIGINT NOT NULL,
        ended_at_ms BIGINT NOT NULL,
        archived_at_ms BIGINT NOT NULL,
        is_gone INTEGER NOT NULL,
        piece INTEGER,
        line INTEGER
      )`,
      'CREATE INDEX archived_instances_marked ON archived_instances (seq) WHERE is_gone = 0',
    ],
  },
  {
    id: 'workflow/006-restate-writes',
    statements: [
      'CREATE TABLE restate_writes (key TEXT PRIMARY KEY, instance_id TEXT NOT NULL)',
      'CREATE INDEX restate_writes_by_instance ON restate_writes (instance_id)',
      'ALTER TABLE messages ADD COLUMN number INTEGER',
    ],
  },
  {
    id: 'workflow/007-traces',
    statements: ['ALTER TABLE instances ADD COLUMN traceparent TEXT'],
  },
  {
    id: 'workflow/008-trigger-sets',
    statements: [
      'ALTER TABLE trigger_events ADD COLUMN instance_id TEXT',
      'ALTER TABLE trigger_events ADD COLUMN life INTEGER',
      'ALTER TABLE trigger_events ADD COLUMN has_left INTEGER NOT NULL DEFAULT 0',
      'ALTER TABLE trigger_events ADD COLUMN is_free INTEGER NOT NULL DEFAULT 1',
      'CREATE INDEX trigger_events_free ON trigger_events (definition_hash, wish, seq) WHERE is_free = 1',
      'CREATE INDEX trigger_events_by_instance ON trigger_events (instance_id) WHERE instance_id IS NOT NULL',
    ],
  },
  {
    id: 'workflow/009-invocations',
    statements: [
      'ALTER TABLE instances ADD COLUMN invocation INTEGER NOT NULL DEFAULT 0',
      'ALTER TABLE instances ADD COLUMN awakeable TEXT',
    ],
  },
]
