/** Models a validator's disk: what was synced stays, of the rest a crash leaves a part; and the guard that signs nothing twice. */

import { equalBytes } from '../../src/base/bytes.ts'
import type { LoggedCore } from '../../src/chain/consensus/bft-core.ts'
import type { Certificate, SignedProposal, SignedVote } from '../../src/chain/consensus/messages.ts'
import type { Chance } from '../fuzz/chance.ts'
import type { SimulatedBlock } from './blocks.ts'

/** Where a core stood when it signed. */
export type LoggedPlace = Omit<LoggedCore, 'checkedValues' | 'proposals' | 'votes' | 'validPolka'>

/** A record of the log. */
export type LogRecord =
  | { readonly kind: 'height'; readonly height: bigint }
  | { readonly kind: 'block'; readonly block: SimulatedBlock }
  | { readonly kind: 'polka'; readonly polka: Certificate }
  | { readonly kind: 'core'; readonly place: LoggedPlace }
  | { readonly kind: 'vote'; readonly vote: SignedVote }
  | { readonly kind: 'proposal'; readonly proposal: SignedProposal }

/** A final block, as it is stored. */
export interface StoredBlock {
  readonly block: SimulatedBlock
  readonly certificate: Certificate
}

/** The highest thing that a key has signed. */
interface GuardRecord {
  readonly height: bigint
  readonly round: number
  readonly step: number
  readonly bytes: Uint8Array
  readonly message: SignedProposal | SignedVote
}

/** Records in order; a crash keeps those that were synced, and any number of the first of the rest. */
class SimulatedFile<T> {
  items: T[] = []
  synced = 0

  crash(chance: Chance): void {
    const kept = this.synced + chance.below(this.items.length - this.synced + 1)
    this.items = this.items.slice(0, kept)
    this.synced = kept
  }

  /** Puts one in the place of all, at once and for good, as a rename does. */
  replace(item: T): void {
    this.items = [item]
    this.synced = 1
  }

  get last(): T | undefined {
    return this.items.at(-1)
  }
}

/** The files of one validator. */
export class SimulatedDisk {
  readonly log = new SimulatedFile<LogRecord>()
  readonly guard = new SimulatedFile<GuardRecord>()
  readonly blocks = new SimulatedFile<StoredBlock>()

  crash(chance: Chance, isLogLost: boolean): void {
    this.log.crash(chance)
    this.guard.crash(chance)
    this.blocks.crash(chance)
    if (isLogLost) this.log.items = []
    if (isLogLost) this.log.synced = 0
  }

  /** What is written now; calling the result says that it has reached the disk. */
  sync(): () => void {
    const { log, guard, blocks } = this
    const files = [log, guard, blocks].map((file) => [file, file.items, file.items.length] as const)
    return () => {
      for (const [file, items, length] of files) {
        if (file.items === items) file.synced = Math.max(file.synced, length)
      }
    }
  }

  /** A signed message: the stored one for the same bytes, none for what is not above all that was signed. */
  signOnce<T extends SignedProposal | SignedVote>(
    place: { readonly height: bigint; readonly round: number; readonly step: number },
    bytes: Uint8Array,
    sign: () => T,
  ): T | undefined {
    const { last } = this.guard
    if (last !== undefined) {
      const order = compare(place, last)
      if (order < 0) return undefined
      if (order === 0) return equalBytes(bytes, last.bytes) ? (last.message as T) : undefined
    }
    const message = sign()
    this.guard.items.push({ ...place, bytes, message })
    return message
  }
}

function compare(
  a: Pick<GuardRecord, 'height' | 'round' | 'step'>,
  b: Pick<GuardRecord, 'height' | 'round' | 'step'>,
): number {
  return Number(a.height - b.height) || a.round - b.round || a.step - b.step
}
