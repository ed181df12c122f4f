/** Keeps the transactions of senders in SQL, from before their broadcast until their blocks are final. */

import type { Hex } from '../../base/bytes.ts'
import type { Page, PageQuery } from '../../base/page.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { Migration, SqlRow, SqlSession, SqlStore } from '../../store/sql.ts'
import type { SentOutcome, SentState, SentTransaction, SignedVersion } from '../sent-transaction.ts'

/** Tables of the sender. */
export const senderMigrations: readonly Migration[] = [
  {
    id: 'workflow/002-sender',
    statements: [
      `CREATE TABLE sent_transactions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        lane TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        state TEXT NOT NULL,
        nonce INTEGER NOT NULL,
        request TEXT NOT NULL,
        gas TEXT NOT NULL,
        versions TEXT NOT NULL,
        revision INTEGER NOT NULL,
        outcome TEXT,
        problem TEXT,
        created_at_ms INTEGER NOT NULL,
        UNIQUE (lane, idempotency_key)
      )`,
      'CREATE INDEX sent_transactions_key ON sent_transactions (idempotency_key)',
      `CREATE INDEX sent_transactions_open ON sent_transactions (lane, state, nonce) WHERE state <> 'final'`,
      // Several processes may sign for one lane: each nonce is given once.
      `CREATE UNIQUE INDEX sent_transactions_nonce ON sent_transactions (lane, nonce) WHERE state <> 'final'`,
    ],
  },
]

/** Keys of one query. */
const keysAtOnce = 500

/** Transactions of one lane. */
export class SentStore {
  readonly #sql: SqlStore
  readonly #lane: string

  constructor(sql: SqlStore, lane: string) {
    this.#sql = sql
    this.#lane = lane
  }

  /** One by its idempotency key. */
  async find(key: Hex): Promise<SentTransaction | undefined> {
    const query = 'SELECT * FROM sent_transactions WHERE lane = ? AND idempotency_key = ?'
    const row = await this.#sql.get(query, this.#lane, key)
    return row && sentOf(row)
  }

  /** Those of a state with the lowest nonces, at most so many. */
  async inState(state: SentState, most: number): Promise<readonly SentTransaction[]> {
    const query =
      'SELECT * FROM sent_transactions WHERE lane = ? AND state = ? ORDER BY nonce LIMIT ?'
    return (await this.#sql.all(query, this.#lane, state, most)).map(sentOf)
  }

  /** Those of some keys that are final. */
  async final(keys: readonly Hex[]): Promise<readonly SentTransaction[]> {
    const found: SentTransaction[] = []
    for (let at = 0; at < keys.length; at += keysAtOnce) {
      const some = keys.slice(at, at + keysAtOnce)
      const marks = some.map(() => '?').join(', ')
      const query = `SELECT * FROM sent_transactions WHERE lane = ? AND state = 'final' AND idempotency_key IN (${marks})`
      found.push(...(await this.#sql.all(query, this.#lane, ...some)).map(sentOf))
    }
    return found
  }

  /** How many are open. */
  async openCount(): Promise<number> {
    const query = "SELECT count(*) AS n FROM sent_transactions WHERE lane = ? AND state = 'open'"
    return Number((await this.#sql.get(query, this.#lane))?.n ?? 0)
  }

  /** The least nonce, from one on, that no transaction has whose block is not final. */
  async freeNonce(from: number): Promise<number> {
    const query =
      "SELECT nonce FROM sent_transactions WHERE lane = ? AND state <> 'final' AND nonce >= ? ORDER BY nonce"
    let free = from
    for (const { nonce } of await this.#sql.all(query, this.#lane, from)) {
      if (Number(nonce) !== free) break
      free += 1
    }
    return free
  }

  /** Writes a new one, unless its key or its nonce is there already; on disk when it resolves. */
  async add(sent: SentTransaction): Promise<boolean> {
    const { idempotencyKey, state, nonce, request, gas, versions, createdAtMs } = sent
    const added = await this.#sql.run(
      `INSERT INTO sent_transactions
        (lane, idempotency_key, state, nonce, request, gas, versions, revision, created_at_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING`,
      ...[this.#lane, idempotencyKey, state, nonce, JSON.stringify(request), gas],
      ...[JSON.stringify(versions), createdAtMs],
    )
    return added === 1
  }

  /**
   * Writes what has changed, if nobody else has changed it meanwhile.
   *
   * @returns whether it was written
   */
  async save(sent: SentTransaction): Promise<boolean> {
    const { idempotencyKey, state, nonce, gas, versions, revision, outcome, problem } = sent
    const changed = await this.#sql.run(
      `UPDATE sent_transactions SET state = ?, nonce = ?, gas = ?, versions = ?, outcome = ?, problem = ?,
        revision = revision + 1 WHERE lane = ? AND idempotency_key = ? AND revision = ?`,
      ...[state, nonce, gas, JSON.stringify(versions)],
      ...[outcome === undefined ? null : JSON.stringify(outcome), problem ?? null],
      ...[this.#lane, idempotencyKey, revision],
    )
    return changed === 1
  }

  /** Forgets one that no node has ever taken. */
  async forget(key: Hex): Promise<void> {
    const query = 'DELETE FROM sent_transactions WHERE lane = ? AND idempotency_key = ?'
    await this.#sql.run(query, this.#lane, key)
  }
}

/** One of whichever lane. */
export async function findSent(sql: SqlSession, key: Hex): Promise<SentTransaction | undefined> {
  const row = await sql.get(
    'SELECT * FROM sent_transactions WHERE idempotency_key = ? LIMIT 1',
    key,
  )
  return row && sentOf(row)
}

/** One page of the transactions of all lanes, or of one, newest first. */
export function listSent(
  sql: SqlSession,
  query: PageQuery & { readonly lane?: string | undefined; readonly state?: SentState | undefined },
): Promise<Page<SentTransaction>> {
  const { limit, cursor, lane, state } = query
  const conditions = [
    ...(lane === undefined ? [] : ['lane = ?']),
    ...(state === undefined ? [] : ['state = ?']),
  ]
  const select = `SELECT * FROM sent_transactions WHERE ${[...conditions, '1 = 1'].join(' AND ')}`
  const values = [lane, state].filter((one) => one !== undefined)
  return sequencePage(sql, { limit, cursor, select, values, read: sentOf })
}

function sentOf(row: SqlRow): SentTransaction {
  const text = (value: SqlRow[string] | undefined) => (value === null ? undefined : String(value))
  const outcome = text(row.outcome)
  return {
    ...{ lane: String(row.lane), idempotencyKey: String(row.idempotency_key) as Hex },
    ...{ state: String(row.state) as SentState, nonce: Number(row.nonce), gas: String(row.gas) },
    request: JSON.parse(String(row.request)) as SentTransaction['request'],
    versions: JSON.parse(String(row.versions)) as readonly SignedVersion[],
    revision: Number(row.revision),
    outcome: outcome === undefined ? undefined : (JSON.parse(outcome) as SentOutcome),
    problem: text(row.problem),
    createdAtMs: Number(row.created_at_ms),
  }
}
