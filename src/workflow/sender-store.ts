/** Keeps the transactions of senders in SQL, from before their broadcast to their end. */

import type { Hex } from '../base/bytes.ts'
import type { Migration, SqlSession, SqlStore } from '../store/sql.ts'

/** Tables of the sender. */
export const senderMigrations: readonly Migration[] = [
  {
    id: 'workflow/002-sender',
    statements: [
      `CREATE TABLE sent_transactions (
        lane TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        nonce INTEGER NOT NULL,
        gas TEXT NOT NULL,
        versions TEXT NOT NULL,
        outcome TEXT,
        created_at_ms INTEGER NOT NULL,
        PRIMARY KEY (lane, idempotency_key)
      )`,
      'CREATE INDEX sent_transactions_open ON sent_transactions (lane, nonce) WHERE outcome IS NULL',
    ],
  },
]

/** One signing of a transaction; later ones pay more, or have another nonce. */
export interface SignedVersion {
  readonly hash: Hex
  readonly raw: Hex
  /** Wei per gas, decimal. */
  readonly maxFeePerGas: string
  readonly maxPriorityFeePerGas: string
  readonly signedAtMs: number
}

/** How a transaction ended. */
export interface SentOutcome {
  readonly hash: Hex
  readonly blockNumber: number
  readonly succeeded: boolean
  readonly gasUsed: string
}

/** A transaction of a sender. */
export interface SentTransaction {
  readonly lane: string
  readonly idempotencyKey: Hex
  readonly nonce: number
  readonly gas: string
  /** Oldest first; any of them can be mined. */
  readonly versions: readonly SignedVersion[]
  readonly outcome: SentOutcome | undefined
}

/** One transaction of a lane by its key. */
export async function findSent(
  sql: SqlSession,
  lane: string,
  key: Hex,
): Promise<SentTransaction | undefined> {
  const row = await sql.get(
    ...([
      'SELECT * FROM sent_transactions WHERE lane = ? AND idempotency_key = ?',
      lane,
      key,
    ] as const),
  )
  if (row === undefined) return undefined
  return {
    ...{ lane, idempotencyKey: key, nonce: Number(row.nonce), gas: String(row.gas) },
    versions: JSON.parse(String(row.versions)) as readonly SignedVersion[],
    outcome: row.outcome === null ? undefined : (JSON.parse(String(row.outcome)) as SentOutcome),
  }
}

/** Writes a transaction; on disk when it resolves. */
export async function saveSent(sql: SqlStore, sent: SentTransaction, nowMs: number): Promise<void> {
  const { lane, idempotencyKey, nonce, gas, versions, outcome } = sent
  await sql.run(
    `INSERT INTO sent_transactions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (lane, idempotency_key) DO UPDATE SET
      nonce = excluded.nonce, gas = excluded.gas, versions = excluded.versions, outcome = excluded.outcome`,
    ...[lane, idempotencyKey, nonce, gas, JSON.stringify(versions)],
    ...[outcome === undefined ? null : JSON.stringify(outcome), nowMs],
  )
}

/** Forgets a transaction that the chain has never taken. */
export async function forgetSent(sql: SqlStore, lane: string, key: Hex): Promise<void> {
  await sql.run('DELETE FROM sent_transactions WHERE lane = ? AND idempotency_key = ?', lane, key)
}

/** The highest nonce of the lane's transactions that have not ended. */
export async function highestOpenNonce(sql: SqlStore, lane: string): Promise<number | undefined> {
  const row = await sql.get(
    ...([
      'SELECT max(nonce) AS n FROM sent_transactions WHERE lane = ? AND outcome IS NULL',
      lane,
    ] as const),
  )
  return row?.n === null || row?.n === undefined ? undefined : Number(row.n)
}
