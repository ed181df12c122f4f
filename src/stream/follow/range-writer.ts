/** Stores what was read of a chain: events, what the handler does with them, and how far it is, all or nothing. */

import type { Clock } from '../../base/clock.ts'
import type { SqlSession, SqlStore } from '../../store/sql.ts'
import type { Discovery, SourceBlock, SourceEvent } from '../source.ts'
import type { StreamEvent } from '../stream.ts'
import type { ReadRange } from './block-range.ts'
import { type EventLife, type LifeMarks, stateAt } from './event-life.ts'

/** What writes. */
export interface RangeWriterDependencies {
  readonly sql: SqlStore
  readonly life: EventLife
  readonly clock: Clock
  /** Called for each piece after it is on disk. */
  readonly tell: (events: readonly StreamEvent[]) => void
}

/** How events are named, and which states they have. */
export interface WriteOptions {
  readonly chain: string
  readonly chainId: number
  readonly type: string
}

/** What one transaction stores: all that a range holds up to a block. */
export interface Piece {
  readonly to: number
  readonly blocks: readonly SourceBlock[]
  readonly events: readonly SourceEvent[]
  readonly discovered: readonly Discovery[]
}

/** Events of one transaction, if they are not all of one block: a long one would delay what is written beside it. */
const maxPieceEvents = 2_000

/** Writes ranges in pieces. */
export class RangeWriter {
  readonly #options: WriteOptions
  readonly #with: RangeWriterDependencies

  constructor(options: WriteOptions, dependencies: RangeWriterDependencies) {
    this.#options = options
    this.#with = dependencies
  }

  /** Stores a range; `keep` writes in each transaction how far it is, `before` runs first in it and gives what changed. */
  async write(
    range: ReadRange,
    marks: LifeMarks,
    how: {
      readonly before?: (session: SqlSession) => Promise<readonly StreamEvent[]>
      readonly keep: (session: SqlSession, piece: Piece) => Promise<void>
    },
  ): Promise<void> {
    const { sql, life, tell } = this.#with
    for (const [at, piece] of piecesOf(range).entries()) {
      const events = this.#placed(piece, marks)
      const told = await sql.transaction(async (session) => {
        const changed = at === 0 ? ((await how.before?.(session)) ?? []) : []
        const fresh = await life.appear(session, events)
        await how.keep(session, piece)
        return changed.length > 0 ? [...changed, ...fresh] : fresh
      })
      tell(told)
    }
  }

  #placed({ blocks, events }: Piece, marks: LifeMarks): readonly StreamEvent[] {
    const { chain, chainId, type } = this.#options
    const times = new Map(blocks.map(({ number, timeMs }) => [number, timeMs]))
    const seenAtMs = this.#with.clock.nowMs()
    return events.map(
      ({ key, address, name, signature, args, blockNumber, blockHash, ...place }) => ({
        id: `${chain}:${key}`,
        chain,
        chainId,
        ...(type === 'evm.log' ? {} : { type }),
        address,
        name,
        signature,
        args,
        state: stateAt(blockNumber, marks),
        blockNumber,
        blockHash,
        transactionHash: place.transactionHash,
        logIndex: place.logIndex,
        blockTimeMs: times.get(blockNumber) ?? 0,
        seenAtMs,
        ...(place.madeBy === undefined ? {} : { madeBy: place.madeBy }),
      }),
    )
  }
}

/** A range by pieces that end with a block. */
function piecesOf({ to, blocks, events, discovered }: ReadRange): readonly Piece[] {
  if (events.length <= maxPieceEvents) return [{ to, blocks, events, discovered }]
  const ends: number[] = []
  let begun = 0
  for (let at = maxPieceEvents; at < events.length; at += 1) {
    const last = events[at - 1] as SourceEvent
    if (at - begun < maxPieceEvents || events[at]?.blockNumber === last.blockNumber) continue
    ends.push(last.blockNumber)
    begun = at
  }
  let from = Number.NEGATIVE_INFINITY
  return [...ends, to].map((end) => {
    const isIn = (number: number) => number > from && number <= end
    const piece = {
      to: end,
      blocks: blocks.filter(({ number }) => isIn(number)),
      events: events.filter(({ blockNumber }) => isIn(blockNumber)),
      discovered: discovered.filter(({ blockNumber }) => isIn(blockNumber)),
    }
    from = end
    return piece
  })
}
