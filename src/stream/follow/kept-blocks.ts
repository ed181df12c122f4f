/** Keeps how far a listener is, and the hashes of the last blocks that it read. */

import type { SqlSession, SqlStore } from '../../store/sql.ts'
import type { ListenedBlock } from './chain-reader.ts'

/** Where a listener is. */
export interface Checkpoint {
  /** Last block whose events are stored; -1 before block 0. */
  readonly number: number
  readonly chainId: number
  /** Hash of block 0; `undefined` where the endpoint did not give it. */
  readonly genesis: string | undefined
}

/** A block that was read, by number and hash. */
export interface Anchor {
  readonly number: number
  readonly hash: string
}

/** What is kept of one chain, in a database with `streamMigrations`. */
export class KeptBlocks {
  readonly #sql: SqlStore
  readonly #chain: string
  readonly #window: number

  constructor(sql: SqlStore, { chain, window }: { chain: string; window: number }) {
    this.#sql = sql
    this.#chain = chain
    this.#window = window
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    const row = await this.#sql.get<{ number: number; chain_id: number; genesis: string | null }>(
      'SELECT number, chain_id, genesis FROM checkpoints WHERE chain = ?',
      this.#chain,
    )
    return row && { number: row.number, chainId: row.chain_id, genesis: row.genesis ?? undefined }
  }

  /** Writes the checkpoint; a genesis that is known already stays. */
  async setCheckpoint(session: SqlSession, { number, chainId, genesis }: Checkpoint) {
    await session.run(
      `INSERT INTO checkpoints (chain, chain_id, number, genesis) VALUES (?, ?, ?, ?)
        ON CONFLICT (chain) DO UPDATE SET number = excluded.number,
          genesis = coalesce(checkpoints.genesis, excluded.genesis)`,
      ...[this.#chain, chainId, number, genesis ?? null],
    )
  }

  async hashAt(number: number): Promise<string | undefined> {
    const row = await this.#sql.get<{ hash: string }>(
      'SELECT hash FROM listened_blocks WHERE chain = ? AND number = ?',
      ...[this.#chain, number],
    )
    return row?.hash
  }

  /** The last block up to `number` that is known by an event in it. */
  async eventAnchor(number: number): Promise<Anchor | undefined> {
    const row = await this.#sql.get<{ block_number: number; block_hash: string }>(
      `SELECT block_number, block_hash FROM events WHERE chain = ? AND block_number <= ?
        AND state <> 'retracted' ORDER BY block_number DESC LIMIT 1`,
      ...[this.#chain, number],
    )
    return row && { number: row.block_number, hash: row.block_hash }
  }

  /** Adds blocks, oldest first, and forgets those that fall out of the window. */
  async keep(session: SqlSession, blocks: readonly ListenedBlock[]): Promise<void> {
    const last = blocks.at(-1)?.number
    if (last === undefined) return
    for (const { number, hash } of blocks) {
      if (number < last - this.#window) continue
      await session.run(
        `INSERT INTO listened_blocks (chain, number, hash) VALUES (?, ?, ?)
          ON CONFLICT (chain, number) DO UPDATE SET hash = excluded.hash`,
        ...[this.#chain, number, hash],
      )
    }
    await session.run(
      'DELETE FROM listened_blocks WHERE chain = ? AND number < ?',
      ...[this.#chain, last - this.#window],
    )
  }

  async dropAbove(session: SqlSession, number: number): Promise<void> {
    await session.run(
      'DELETE FROM listened_blocks WHERE chain = ? AND number > ?',
      ...[this.#chain, number],
    )
  }
}
