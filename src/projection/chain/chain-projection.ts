/** Projects what the blocks of a chain hold: reads them in their order, and goes back where they leave. */

import { AppError } from '../../base/app-error.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { bulkInsert } from '../../store/bulk-insert.ts'
import type { SqlSession, SqlStore } from '../../store/sql.ts'
import type { BlockReader, ReadBlock } from '../../stream/block-reader.ts'
import type { Declaration } from '../declaration.ts'
import type { Projected } from '../desk/desk.ts'
import { PieceLoop } from '../rows/piece-loop.ts'
import { ProjectedTable, type ProjectionMeasures } from '../rows/projected-table.ts'
import { type StoredForm, storedForm } from '../tables/changed-form.ts'
import type { FillSpan, Standings } from '../tables/standing.ts'
import { needsReceipts, recordsOf } from './chain-blocks.ts'
import type { Dataset } from './datasets.ts'

/** Blocks that are read at once, and hashes that are kept: a reorganisation can be as deep. */
const [blocksAtOnce, keptBlocks] = [16, 1_024]

/** How a chain is read. */
export interface ChainReading {
  readonly blocks: BlockReader
  readonly pollMs: number
  /** Blocks on top before a block is confirmed. */
  readonly confirmations: number
  /** The same before it is safe and final, where the endpoint has no such tags. */
  readonly finalityDepth: number
  /** Whether it can get shorter by itself, as development chains do; else an endpoint without a block is behind. */
  readonly canShrink?: boolean
}

interface Options {
  readonly chain: string
  readonly declaration: Declaration
  readonly dataset: Dataset
}

interface Parts {
  readonly sql: SqlStore
  readonly reading: ChainReading
  readonly standings: Standings
  readonly measures: ProjectionMeasures
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
}

/** One projection of a dataset. */
export class ChainProjection implements Projected {
  readonly declaration: Declaration
  readonly form: StoredForm
  readonly sources: readonly string[]
  readonly #dataset: Dataset
  readonly #start: number
  readonly #table: ProjectedTable
  readonly #with: Parts
  readonly #loop: PieceLoop
  #trouble: Projected['trouble']

  constructor({ chain, declaration, dataset }: Options, parts: Parts) {
    this.declaration = declaration
    this.sources = [dataset]
    this.#dataset = dataset
    this.#start = declaration.startBlock ?? 0
    this.#with = parts
    const sources = [`${dataset} from ${this.#start}`]
    this.form = storedForm(declaration, { chain, sources, dataset })
    this.#table = new ProjectedTable(declaration, { ...parts, dialect: parts.sql.dialect })
    this.#loop = new PieceLoop(
      {
        name: declaration.name,
        piece: () => this.#piece(),
        failed: (problem) => {
          if (this.#trouble?.state === 'stopped') return
          this.#trouble = problem === undefined ? undefined : { state: 'waiting', problem }
        },
      },
      { ...parts, pauseMs: parts.reading.pollMs },
    )
  }

  get trouble(): Projected['trouble'] {
    return this.#trouble
  }

  async span(): Promise<FillSpan> {
    return { next: this.#start, last: this.#start }
  }

  start(): void {
    this.#loop.start()
  }

  wake(): void {
    this.#trouble = undefined
    this.#loop.wake()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #piece(): Promise<'again' | 'idle'> {
    if (this.#trouble?.state === 'stopped') return 'idle'
    const { sql, standings, reading } = this.#with
    const { name } = this.declaration
    const standing = (await standings.all()).get(name)
    if (standing === undefined) return 'idle'
    const { next } = standing
    const head = await reading.blocks.tagged('latest')
    if (head === undefined) return 'idle'
    const last = await this.#last(head)
    if (await this.#hasLeft(next - 1, head)) return 'again'
    const count = Math.min(last + 1 - next, blocksAtOnce)
    if (count <= 0) return 'idle'
    const numbers = Array.from({ length: count }, (_, at) => next + at)
    const blocks = await reading.blocks.blocks(numbers, {
      receipts: needsReceipts(this.#dataset),
    })
    const before = await this.#keptHash(next - 1)
    mustFollow(blocks, before)
    await sql.transaction(async (session) => {
      await this.#table.lock(session)
      const now = (await standings.all(session)).get(name)
      // It was emptied meanwhile, or another process came first.
      if (now?.next !== next) return
      const come = blocks.flatMap((block) => recordsOf(block, this.#dataset))
      await this.#table.apply(session, { gone: [], come })
      await this.#keep(session, blocks)
      const reached = next + count
      await standings.reach(session, name, { next: reached, last, isReady: reached > last })
    })
    return count === blocksAtOnce ? 'again' : 'idle'
  }

  /** The last block whose rows are to be there. */
  async #last(head: number): Promise<number> {
    const { blocks, confirmations, finalityDepth } = this.#with.reading
    const { life } = this.declaration
    if (life === 'pending') return head
    if (life === 'confirmed') return head - confirmations
    return (await blocks.tagged(life)) ?? head - finalityDepth
  }

  /** Takes back what is of blocks that the chain has no longer; an endpoint that is behind does not show that. */
  async #hasLeft(number: number, head: number): Promise<boolean> {
    const last = await this.#keptHash(number)
    if (last === undefined) return false
    const { blocks, canShrink = false } = this.#with.reading
    const at = canShrink ? number : Math.min(number, head)
    const tip = at === number ? last : await this.#keptHash(at)
    if (tip === undefined) throw isBehind(number, `the head of the endpoint is block ${head}`)
    const [hash] = await blocks.hashes([at])
    if (hash === tip) return false
    if (hash === undefined && !canShrink)
      throw isBehind(number, `the endpoint has no block ${at} now`)
    await this.#goBack(await this.#ancestor())
    return true
  }

  /** The last kept block that the chain still has; the one before the first where all have left. */
  async #ancestor(): Promise<number> {
    const { sql, reading } = this.#with
    const rows = await sql.all(
      'SELECT number, hash FROM projection_blocks WHERE projection = ? ORDER BY number DESC',
      this.declaration.name,
    )
    for (let at = 0; at < rows.length; at += blocksAtOnce) {
      const some = rows.slice(at, at + blocksAtOnce)
      const hashes = await reading.blocks.hashes(some.map(({ number }) => Number(number)))
      const found = some.find(({ hash }, place) => hash === hashes[place])
      if (found) return Number(found.number)
    }
    if (Number(rows.at(-1)?.number) === this.#start) return this.#start - 1
    const problem = `a reorganisation goes deeper than ${keptBlocks} blocks, or it is another chain; rebuild the projection`
    this.#trouble = { state: 'stopped', problem }
    throw new AppError({ code: 'projection/cannot-go-on', message: problem })
  }

  async #goBack(ancestor: number): Promise<void> {
    const { sql, standings, logger } = this.#with
    const { name } = this.declaration
    logger.warn('blocks left a projected chain', { projection: name, above: ancestor })
    await sql.transaction(async (session) => {
      await this.#table.lock(session)
      await this.#table.dropAbove(session, ancestor)
      await session.run(
        'DELETE FROM projection_blocks WHERE projection = ? AND number > ?',
        ...[name, ancestor],
      )
      const reach = { next: ancestor + 1, last: ancestor, isReady: false }
      await standings.reach(session, name, reach)
    })
  }

  async #keptHash(number: number): Promise<string | undefined> {
    const row = await this.#with.sql.get(
      'SELECT hash FROM projection_blocks WHERE projection = ? AND number = ?',
      ...[this.declaration.name, number],
    )
    return row === undefined ? undefined : String(row.hash)
  }

  async #keep(session: SqlSession, blocks: readonly ReadBlock[]): Promise<void> {
    const { name } = this.declaration
    await bulkInsert(session, {
      into: 'INSERT INTO projection_blocks (projection, number, hash)',
      rows: blocks.map(({ number, hash }) => [name, number, hash]),
    })
    await session.run(
      'DELETE FROM projection_blocks WHERE projection = ? AND number <= ?',
      ...[name, (blocks.at(-1)?.number ?? 0) - keptBlocks],
    )
  }
}

function isBehind(number: number, what: string): AppError {
  const message = `${what}, and the table has come to block ${number}: it waits`
  return new AppError({ code: 'projection/bad-answer', message, retry: 'later' })
}

/** Each block stands on the one before; an endpoint may have changed its mind between two answers. */
function mustFollow(blocks: readonly ReadBlock[], before: string | undefined): void {
  let parent = before
  for (const { number, hash, parentHash } of blocks) {
    if (parent !== undefined && parentHash !== parent) {
      const message = `block ${number} does not stand on the block before it; it is asked again`
      throw new AppError({ code: 'projection/bad-answer', message, retry: 'later' })
    }
    parent = hash
  }
}
