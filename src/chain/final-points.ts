/** Keeps the proofs of blocks that votes made final, and does what an engine asks for about such blocks. */

import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { toHex } from '../base/bytes.ts'
import type { Logger } from '../base/logger.ts'
import { type NewestFile, openNewestFile } from '../store/newest-file.ts'
import type { ConsensusEngine, Effect, Input } from './consensus/consensus.ts'
import type { Certificate } from './consensus/messages.ts'
import { decodeRecord } from './consensus/record.ts'
import { decodeCertificate, encodeCertificate } from './consensus/travelling-block.ts'
import type { Block } from './ledger/block.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from './ledger/rlp.ts'
import type { Hash } from './ledger/transaction.ts'

/** Certificates that are kept, and bytes of them; what a chain brings itself is in its blocks. */
const [mostKept, mostBytes] = [16, 2 * 1024 * 1024]

/** The chain whose blocks become final. */
export interface FinalPlace {
  readonly nowMs: () => number
  readonly logger: Logger
  readonly feed: (input: Input) => void
  /** Does work on the chain when it is its turn. */
  readonly queue: (work: () => Promise<void>) => void
  /** Runs the blocks up to one that may be beside the chain. */
  readonly check: (hash: Hash) => Promise<'valid' | 'invalid' | 'unknown'>
  /** Leaves the chain for the best branch with a block, unless it is in the chain; whether it is then. */
  readonly moveTo: (hash: Hash) => Promise<boolean>
  /** Asks others for a block, and those that lead to it. */
  readonly seek: (hash: Hash) => void
  /** What is signed for an instance waits until this is stored. */
  /** An instance is over. */
  readonly kept: (instance: bigint) => void
  readonly begin: (instance: bigint, stored: Promise<void>) => Promise<void>
}

/** What is decided on a chain: its blocks, or which of them are final. */
export function votesOn({ checkpointEvery }: Pick<ConsensusEngine<unknown>, 'checkpointEvery'>) {
  return checkpointEvery === undefined ? (0 as const) : (1 as const)
}

/** The file of a chain's folder. */
export async function openFinals(folder: string): Promise<NewestFile> {
  return await openNewestFile(path.join(folder, 'final.proofs'), mostBytes)
}

/** The final blocks of one chain. */
export class FinalPoints {
  readonly #file: NewestFile
  readonly #place: FinalPlace
  #finals: readonly Certificate[]

  constructor(file: NewestFile, place: FinalPlace) {
    this.#file = file
    this.#place = place
    this.#finals = decoded(file.value)
  }

  /** The newest proofs, oldest first. */
  get finals(): readonly Certificate[] {
    return this.#finals
  }

  /** Does what an engine asks for, if it is about final blocks; false if it is not. */
  take(effect: Effect): boolean {
    const { queue } = this.#place
    if (effect.kind === 'check-point') queue(() => this.#check(effect))
    else if (effect.kind === 'keep-point') queue(() => this.#keep(effect))
    else return false
    return true
  }

  /** A block came that is right as far as can be seen: what it brings may be news. */
  heard(block: Pick<Block, 'record'> | undefined): void {
    const certificate = block?.record && decodeRecord(block.record).finality[0]
    if (!certificate) return
    const message = { kind: 'certificate', certificate } as const
    this.#place.feed({ kind: 'message', from: 'chain', message, nowMs: this.#place.nowMs() })
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #check({ hash, isDecided }: Extract<Effect, { kind: 'check-point' }>): Promise<void> {
    const { check, seek, feed, nowMs } = this.#place
    const verdict = await check(hash)
    if (verdict === 'unknown' && isDecided) seek(hash)
    feed({ kind: 'point-checked', hash, verdict, nowMs: nowMs() })
  }

  /** Only what the chain holds, and whose proof is on disk, is told to be final. */
  async #keep({ hash, proof }: Extract<Effect, { kind: 'keep-point' }>): Promise<void> {
    const { moveTo, begin, feed, nowMs, logger, kept } = this.#place
    if (!(await moveTo(hash))) {
      const told = 'a block became final that the chain cannot go to; begin anew from another node'
      logger.error(told, { hash: toHex(hash), instance: String(proof.height) })
      return
    }
    this.#finals = fitting([...this.#finals, proof])
    const stored = this.#file.write(encodeRlp(this.#finals.map(encodeCertificate)))
    await begin(proof.height + 1n, stored)
    await stored
    kept(proof.height)
    feed({ kind: 'point-kept', hash, nowMs: nowMs() })
  }
}

function fitting(finals: readonly Certificate[]): readonly Certificate[] {
  const kept = finals.slice(-mostKept)
  while (encodeRlp(kept.map(encodeCertificate)).length > mostBytes) kept.shift()
  return kept
}

function decoded(bytes: Uint8Array): readonly Certificate[] {
  if (bytes.length === 0) return []
  try {
    const list = rlpList(decodeRlp(bytes), 'the proofs')
    return list.map((one) => decodeCertificate(rlpBytes(one, 'a certificate')))
  } catch (cause) {
    const message =
      'final.proofs of the chain does not hold what this program writes; restore it from a backup'
    throw new AppError({ code: 'chain/damaged-finals', message, cause })
  }
}
