/** Gives states of any age: from the checkpoint before them, and the differences of the blocks since. */

import { readdirSync } from 'node:fs'
import { link, rm } from 'node:fs/promises'
import path from 'node:path'
import { equalBytes } from '../base/bytes.ts'
import type { Logger } from '../base/logger.ts'
import { createFolder, syncFolder } from '../store/durable-folder.ts'
import type { ChainLog } from './chain-log.ts'
import type { Hash } from './ledger/transaction.ts'
import { checkpointFile, readCheckpoint } from './resumption.ts'
import type { State } from './state/state.ts'

/** States that are kept after they were asked for. */
const maxKept = 8
/** Most bytes of the log between a checkpoint and a block whose state is asked for. */
const maxReplayedBytes = 64 * 1024 * 1024

/** What an archive needs of its chain. */
interface ArchiveParts {
  /** Of the chain. */
  readonly folder: string
  readonly log: ChainLog
  readonly logger: Logger
  /** The first block whose state is known, and that state, made anew. */
  readonly beginning: { readonly number: bigint; readonly state: () => State }
}

interface Kept {
  readonly number: bigint
  readonly hash: Hash
  readonly state: State
}

/** The checkpoints of a chain that are kept for good, as files named by the numbers of their blocks. */
export class ArchivedStates {
  readonly #parts: ArchiveParts
  readonly #folder: string
  /** Asked for last, last. */
  #kept: Kept[] = []

  constructor(parts: ArchiveParts) {
    this.#parts = parts
    this.#folder = path.join(parts.folder, 'states')
  }

  /** Keeps the checkpoint that was just written. */
  async keep(number: bigint): Promise<void> {
    await createFolder(this.#folder)
    const file = this.#file(number)
    await rm(file, { force: true })
    await link(checkpointFile(this.#parts.folder), file)
    await syncFolder(this.#folder)
  }

  /** Before the chain goes back to a block: checkpoints above it are of another chain. */
  async beforeRewind(number: bigint): Promise<void> {
    const gone = this.#numbers().filter((one) => one > number)
    for (const one of gone) await rm(this.#file(one), { force: true })
    if (gone.length > 0) await syncFolder(this.#folder)
  }

  /** The state after a block of the chain; `undefined` when no checkpoint lies near enough before it. */
  stateAt(number: bigint, hash: Hash, root: Hash): State | undefined {
    const known = this.#kept.find((one) => equalBytes(one.hash, hash))
    if (known) return known.state
    const base = this.#baseOf(number)
    if (base === undefined) return undefined
    let { state } = base
    for (let at = base.number + 1n; at <= number; at += 1n) {
      const difference = this.#parts.log.differenceOf(at)
      const next = difference && state.apply(difference)
      state.release()
      if (next === undefined) return undefined
      state = next
    }
    // Changes by hand are in no block: states after them are not kept here.
    if (!equalBytes(state.root, root)) return undefined
    this.#kept = [...this.#kept.slice(1 - maxKept), { number, hash, state }]
    return state
  }

  /** The newest state before a block that is at hand. */
  #baseOf(number: bigint): { readonly number: bigint; readonly state: State } | undefined {
    const { log, beginning } = this.#parts
    const at = (one: bigint) => log.positionOf(one) ?? 0
    const isNear = (one: bigint) => one <= number && at(number) - at(one) <= maxReplayedBytes
    const isOnChain = ({ number: one, hash }: Omit<Kept, 'state'>) => {
      const own = log.hashOf(one)
      return one === 0n || (own !== undefined && equalBytes(own, hash))
    }
    const kept = this.#kept.filter((one) => isNear(one.number) && isOnChain(one))
    const nearest = kept.toSorted((a, b) => Number(b.number - a.number))[0]
    for (const one of this.#numbers().filter(isNear)) {
      if (nearest && nearest.number >= one) break
      const found = readCheckpoint(this.#file(one), this.#parts.logger)
      if (found && isOnChain(found)) return found
      found?.state.release()
    }
    if (nearest) return { number: nearest.number, state: nearest.state.hold() }
    const { number: first, state } = beginning
    return first <= number && isNear(first) ? { number: first, state: state() } : undefined
  }

  /** Blocks with a checkpoint, newest first. */
  #numbers(): bigint[] {
    try {
      const names = readdirSync(this.#folder).filter((name) => /^\d+$/.test(name))
      return names.map(BigInt).toSorted((a, b) => Number(b - a))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  #file(number: bigint): string {
    return path.join(this.#folder, String(number))
  }
}
