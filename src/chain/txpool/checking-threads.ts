/** The threads that check transactions, which all chains of a process share; they start with the first that need them. */

import { availableParallelism } from 'node:os'
import type { Logger } from '../../base/logger.ts'
import { signatureBackend } from '../../crypto/secp256k1.ts'
import { BlobProofs } from './blob-proofs.ts'
import { RecoveryCrew } from './recovery/crew.ts'

/** How many threads recover signers, and who hears of one that fails. */
interface CheckingOptions {
  /** By default one less than there are processors, and at most 8; 0 recovers in the main thread. */
  readonly signerThreads?: number
  readonly logger: Logger
}

/** Threads for signatures and for proofs of blobs. */
export class CheckingThreads {
  readonly signers: RecoveryCrew
  readonly proofs: BlobProofs

  constructor({ signerThreads, logger }: CheckingOptions) {
    const size = signerThreads ?? Math.min(availableParallelism() - 1, 8)
    this.signers = new RecoveryCrew(size, (error) =>
      logger.warn('a thread for signatures ended; the work goes on without it', { error }),
    )
    this.proofs = new BlobProofs({ logger })
    if (signatureBackend !== 'portable') return
    logger.warn(
      'the native secp256k1 library does not load here: signatures take some 40 times as long, about 3 ms each',
    )
  }

  async stop(): Promise<void> {
    await Promise.all([this.signers.stop(), this.proofs.stop()])
  }
}
