/** Holds headers whose blocks are not here yet: a chain of them on a block that is known, with the work they show. */

import { equalBytes } from '../../base/bytes.ts'
import type { ChainReader, ConsensusEngine, SealedHeader, Verdict } from '../consensus/consensus.ts'
import type { Hash } from '../ledger/transaction.ts'

/** What headers are checked with. */
export interface AheadPlace {
  readonly engine: Pick<ConsensusEngine<unknown>, 'checkAhead'>
  /** Blocks that are known. */
  readonly chain: ChainReader
  /** Blocks that were found to be wrong before. */
  readonly isBad: (hash: Hash) => boolean
}

/** A chain of headers, each checked when it came; the caller bounds their number. */
export class HeadersAhead implements ChainReader {
  readonly #place: AheadPlace
  readonly #headers: SealedHeader[] = []
  #work: bigint | undefined

  constructor(place: AheadPlace) {
    this.#place = place
  }

  /** Oldest first; those of known blocks are not among them. */
  get headers(): readonly SealedHeader[] {
    return this.#headers
  }

  /** Difficulties up to the last header, added up. */
  get work(): bigint {
    return this.#work ?? 0n
  }

  /** Takes the header after the last one; what is known already is passed over. */
  take(
    block: SealedHeader,
    how: { readonly nowMs: number; readonly isSealChecked: boolean },
  ): Verdict {
    const { engine, chain, isBad } = this.#place
    const valid = { kind: 'valid' } as const
    const { header, hash } = block
    if (this.#headers.length === 0 && chain.header(hash)) return valid
    if (isBad(hash)) return { kind: 'invalid', rule: 'body', detail: 'the block was wrong before' }
    const last = this.#headers.at(-1)
    if (last && !equalBytes(last.hash, header.parentHash)) {
      return { kind: 'invalid', rule: 'parent', detail: 'it does not follow the header before it' }
    }
    const before = last ? this.#work : chain.totalWork(header.parentHash)
    const verdict = engine.checkAhead?.(this, block, how) ?? valid
    if (verdict.kind !== 'valid') return verdict
    this.#work = (before ?? 0n) + header.difficulty
    this.#headers.push(block)
    return valid
  }

  /** Only what is looked for: the last header, and known blocks. */
  header(hash: Hash): SealedHeader | undefined {
    const last = this.#headers.at(-1)
    return last && equalBytes(last.hash, hash) ? last : this.#place.chain.header(hash)
  }

  derived(hash: Hash) {
    return this.#place.chain.derived(hash)
  }

  totalWork(hash: Hash): bigint | undefined {
    const last = this.#headers.at(-1)
    return last && equalBytes(last.hash, hash) ? this.#work : this.#place.chain.totalWork(hash)
  }
}
