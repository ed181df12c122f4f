/** Lists the tables of notifications, and reads their rows. */

import type { Migration, SqlRow } from '../../store/sql.ts'
import type { Notification, NotificationState } from '../notification.ts'

/** Tables of notifications, templates and Web Push. */
export const notificationMigrations: readonly Migration[] = [
  {
    id: 'services/003-notifications',
    statements: [
      `CREATE TABLE notifications (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        instance_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        body TEXT NOT NULL,
        formatted TEXT,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        due_at_ms BIGINT NOT NULL,
        reason TEXT,
        done TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        sent_at_ms BIGINT
      )`,
      'CREATE INDEX notifications_by_state ON notifications (state, due_at_ms)',
      'CREATE INDEX notifications_by_recipient ON notifications (channel, recipient, sent_at_ms)',
      'CREATE TABLE templates (name TEXT PRIMARY KEY, text TEXT NOT NULL)',
      `CREATE TABLE push_subscriptions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        subscriber TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        p256dh TEXT NOT NULL,
        auth TEXT NOT NULL,
        at_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX push_subscriptions_by_subscriber ON push_subscriptions (subscriber)',
      'CREATE TABLE push_keys (name TEXT PRIMARY KEY, public_key TEXT NOT NULL, private_key TEXT NOT NULL)',
    ],
  },
]

/** A row as a notification. */
export function notificationOf(row: SqlRow): Notification {
  return {
    ...{ id: String(row.id), instanceId: String(row.instance_id), to: String(row.recipient) },
    ...{ subject: String(row.subject), body: String(row.body) },
    ...{ channel: row.channel as Notification['channel'], state: row.state as NotificationState },
    ...{ attempts: Number(row.attempts), atMs: Number(row.at_ms) },
    reason: row.reason === null ? undefined : String(row.reason),
    sentAtMs: row.sent_at_ms === null ? undefined : Number(row.sent_at_ms),
  }
}
