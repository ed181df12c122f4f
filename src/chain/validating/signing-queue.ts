/** Signs one message after the other, and tells of each when the key and the log have it on disk. */

import { AppError } from '../../base/app-error.ts'
import type { Logger } from '../../base/logger.ts'
import type { Effect, Input } from '../consensus/consensus.ts'
import { encodeMessage, signedMessage } from '../consensus/message-codec.ts'
import type { Hash } from '../ledger/transaction.ts'
import type { SigningEntry } from './signing-log.ts'
import type { ValidatorSigner } from './validator-signer.ts'

/** Whom a queue signs for. */
export interface SigningDesk {
  readonly logger: Logger
  readonly nowMs: () => number
  readonly feed: (input: Input) => void
  /** Who signs now. */
  readonly signer: () => ValidatorSigner | undefined
}

/** What is signed, in its order. */
export class SigningQueue {
  readonly #desk: SigningDesk
  #last: Promise<void> = Promise.resolve()
  #hasStopped = false
  #hasGivenUp = false
  /** Blocks that are in the log of this height. */
  #logged = new Set<string>()

  constructor(desk: SigningDesk) {
    this.#desk = desk
  }

  /** Nothing is signed any more. */
  get hasGivenUp(): boolean {
    return this.#hasGivenUp
  }

  /** Signs as who signs now, when it is its turn. */
  add(effect: Extract<Effect, { kind: 'sign' }>): void {
    const signer = this.#desk.signer()
    this.#last = this.#last.then(() => this.#sign(effect, signer))
  }

  /** What is signed for a height or instance waits until the log is at it, and that until what was before is stored. */
  begin(height: bigint, stored: Promise<void>): Promise<void> {
    const begin = async () => {
      try {
        await stored
        await this.#desk.signer()?.log.begin(height)
      } catch (error) {
        this.#giveUp(error)
      }
    }
    this.#last = this.#last.then(begin)
    return this.#last
  }

  /** What is logged of blocks is of a height that is over. */
  moved(): void {
    this.#logged = new Set()
  }

  /** Resolves when nothing is being signed. */
  async stop(): Promise<void> {
    this.#hasStopped = true
    await this.#last
  }

  async #sign(
    effect: Extract<Effect, { kind: 'sign' }>,
    signer: ValidatorSigner | undefined,
  ): Promise<void> {
    const { feed, nowMs, logger } = this.#desk
    if (signer === undefined || this.#hasGivenUp || this.#hasStopped) return
    const { unsigned, validatorIndex, signBytes, memory } = effect
    try {
      const { signature, onDisk } = signer.guard.sign(signBytes)
      const message = signedMessage(unsigned, { validatorIndex, signature })
      const entries: SigningEntry[] = [
        ...this.#blockEntries(memory.block),
        { kind: 'core', state: memory.state },
        { kind: 'signed', message: encodeMessage(message) },
      ]
      await Promise.all([onDisk, signer.log.append(memory.height, entries)])
      feed({ kind: 'message', from: 'self', message, nowMs: nowMs() })
    } catch (error) {
      const isRefused = error instanceof AppError && error.code === 'consensus/would-sign-twice'
      if (isRefused) logger.warn(error.message, {})
      else this.#giveUp(error)
    }
  }

  #blockEntries(block: { readonly hash: Hash; readonly bytes: Uint8Array } | undefined) {
    if (!block || this.#logged.has(block.hash.toHex())) return []
    this.#logged.add(block.hash.toHex())
    return [{ kind: 'block', hash: block.hash, block: block.bytes } as const]
  }

  /** What is on disk is not known: this node follows from now on. */
  #giveUp(error: unknown): void {
    const { logger, feed, nowMs } = this.#desk
    logger.error('a validator signs no more', { error: String(error) })
    this.#hasGivenUp = true
    feed({ kind: 'signer', self: undefined, nowMs: nowMs() })
  }
}
