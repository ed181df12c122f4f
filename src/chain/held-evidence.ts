/** Keeps double signing that waits for a block on disk, so that a restart of who saw it lets nobody off. */

import path from 'node:path'
import type { Logger } from '../base/logger.ts'
import { type NewestFile, openNewestFile } from '../store/newest-file.ts'
import { decodeHeldEvidence, encodeHeldEvidence } from './consensus/evidence-codec.ts'
import type { NamedEvidence } from './consensus/messages.ts'

/** Of what is kept: a pair of ML-DSA-65 votes has 7 kB, and such a set has 32 members. */
const mostBytes = 256 * 1024

/** The file of a chain's folder. */
export class HeldEvidence {
  readonly #file: NewestFile
  readonly #logger: Logger
  #hasFailed = false

  private constructor(file: NewestFile, logger: Logger) {
    this.#file = file
    this.#logger = logger
  }

  /**
   * @param open - opens the file; the machine's own disk unless given
   * @throws AppError `store/damaged-file`, `store/unwritable-folder`
   */
  static async open(folder: string, logger: Logger, open = openNewestFile): Promise<HeldEvidence> {
    return new HeldEvidence(await open(heldEvidenceFile(folder), mostBytes), logger)
  }

  /** What waited when it was written last. @throws AppError `ledger/bad-rlp`, `consensus/bad-message` */
  get found(): readonly NamedEvidence[] {
    return decodeHeldEvidence(this.#file.value)
  }

  /** Others have it, too: a disk that takes no more of it stops nothing. */
  keep(evidence: readonly NamedEvidence[]): void {
    this.#file.write(encodeHeldEvidence(evidence, mostBytes)).catch((error: unknown) => {
      if (!this.#hasFailed) {
        this.#logger.error('evidence does not outlive this process', { error: String(error) })
      }
      this.#hasFailed = true
    })
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Its name. */
export function heldEvidenceFile(folder: string): string {
  return path.join(folder, 'evidence.held')
}
