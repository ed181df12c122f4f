/** Keeps how far a listener is, the hashes of the last blocks that it read, and what it discovered. */

import type { Hex } from '../../base/bytes.ts'
import { bulkInsert } from '../../store/bulk-insert.ts'
import type { SqlSession, SqlStore } from '../../store/sql.ts'
import type { Discovery, SourceBlock } from '../source.ts'

/** Where a listener is. */
export interface Checkpoint {
  /** Last block whose events are stored; -1 before block 0. */
  readonly number: number
  readonly chainId: number
  /** Hash of block 0; `undefined` where the endpoint did not give it. */
  readonly genesis: string | undefined
}

/** What is still to be read of the blocks before the one with which following began. */
export interface BackFill {
  /** The next block that is read. */
  readonly next: number
  /** The last one, and its hash. */
  readonly last: number
  readonly lastHash: string
  /** Of the block before the next one. */
  readonly hash: string | undefined
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

  async backFill(): Promise<BackFill | undefined> {
    const row = await this.#sql.get(
      'SELECT next, last, hash, last_hash FROM backfills WHERE chain = ?',
      this.#chain,
    )
    return (
      row && {
        ...{ next: Number(row.next), last: Number(row.last), lastHash: String(row.last_hash) },
        hash: (row.hash as string | null) ?? undefined,
      }
    )
  }

  /** Writes how far the back-fill is; one that is done is forgotten. */
  async setBackFill(session: SqlSession, { next, last, hash, lastHash }: BackFill) {
    if (next > last) {
      await session.run('DELETE FROM backfills WHERE chain = ?', this.#chain)
      return
    }
    await session.run(
      `INSERT INTO backfills (chain, next, last, hash, last_hash) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (chain) DO UPDATE SET next = excluded.next, hash = excluded.hash`,
      ...[this.#chain, next, last, hash ?? null, lastHash],
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
  async keep(session: SqlSession, blocks: readonly SourceBlock[]): Promise<void> {
    const last = blocks.at(-1)?.number
    if (last === undefined) return
    const first = last - this.#window
    await bulkInsert(session, {
      into: 'INSERT INTO listened_blocks (chain, number, hash)',
      after: 'ON CONFLICT (chain, number) DO UPDATE SET hash = excluded.hash',
      rows: blocks
        .filter(({ number }) => number >= first)
        .map(({ number, hash }) => [this.#chain, number, hash]),
    })
    await session.run(
      'DELETE FROM listened_blocks WHERE chain = ? AND number < ?',
      ...[this.#chain, first],
    )
  }

  /** Forgets what was kept of blocks that left. */
  async dropAbove(session: SqlSession, number: number): Promise<void> {
    const values = [this.#chain, number]
    await session.run('DELETE FROM listened_blocks WHERE chain = ? AND number > ?', ...values)
    await session.run('DELETE FROM discoveries WHERE chain = ? AND block_number > ?', ...values)
  }

  async discoveries(): Promise<readonly Discovery[]> {
    const query = 'SELECT factory, address, block_number FROM discoveries WHERE chain = ?'
    const rows = await this.#sql.all(query, this.#chain)
    return rows.map(({ factory, address, block_number }) => ({
      ...{ factory: String(factory), address: address as Hex, blockNumber: Number(block_number) },
    }))
  }

  /** Adds addresses; one that is known from an earlier block on stays so. */
  async addDiscoveries(session: SqlSession, found: readonly Discovery[]): Promise<void> {
    await bulkInsert(session, {
      into: 'INSERT INTO discoveries (chain, factory, address, block_number)',
      after: `ON CONFLICT (chain, factory, address) DO UPDATE SET block_number = excluded.block_number
        WHERE excluded.block_number < discoveries.block_number`,
      rows: found.map(({ factory, address, blockNumber }) => {
        return [this.#chain, factory, address, blockNumber]
      }),
    })
  }

  /** Factories of which all is known that they made, from the first block of the listener on. */
  async searchedFactories(): Promise<ReadonlySet<string>> {
    const query = 'SELECT factory FROM searched_factories WHERE chain = ?'
    return new Set((await this.#sql.all(query, this.#chain)).map(({ factory }) => String(factory)))
  }

  /** Takes the place of those before. */
  async setSearched(session: SqlSession, factories: readonly string[]): Promise<void> {
    await session.run('DELETE FROM searched_factories WHERE chain = ?', this.#chain)
    await bulkInsert(session, {
      into: 'INSERT INTO searched_factories (chain, factory)',
      rows: factories.map((factory) => [this.#chain, factory]),
    })
  }
}
