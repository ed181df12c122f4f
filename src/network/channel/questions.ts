/** Keeps the questions that were put to one peer until they are answered. */

import { AppError } from '../../base/app-error.ts'
import type { Timer } from '../../base/clock.ts'

/** A question that is under way. */
interface Asked {
  readonly kind: string
  readonly end: (answer: Uint8Array | AppError) => void
}

/** What a question is bound to. */
export interface QuestionTerms {
  /** Channel and kind: only so many of one kind are under way. */
  readonly kind: string
  readonly outstanding: number
  readonly deadlineMs: number
  /** Hears that the deadline has passed. */
  readonly expired: () => void
  readonly signal?: AbortSignal | undefined
}

/** Numbers of questions whose answers may still come, though nobody waits for them. */
const mostGivenUp = 64
const unaskedBytes = 1_024

export class Questions {
  readonly #timer: Timer
  readonly #asked = new Map<number, Asked>()
  readonly #givenUp = new Set<number>()
  #last = 0

  constructor(timer: Timer) {
    this.#timer = timer
  }

  /** The most bytes that an answer may have: few, if nobody waits for it, so that none is made room for. */
  limitOf(id: number, maxAnswerBytes: number): number {
    const isAsked = this.#asked.has(id) || this.#givenUp.has(id)
    return isAsked ? maxAnswerBytes : Math.min(maxAnswerBytes, unaskedBytes)
  }

  /**
   * Puts a question.
   *
   * @param send - sends it under a number; false if it could not
   * @throws AppError `network/busy`, `network/no-answer`, and what ends it
   */
  ask(terms: QuestionTerms, send: (id: number) => boolean): Promise<Uint8Array> {
    const { kind, outstanding, deadlineMs, expired, signal } = terms
    const underWay = this.#asked.values().filter((one) => one.kind === kind)
    if ([...underWay].length >= outstanding) {
      const message = `${outstanding} questions of this kind wait for the peer's answer already; ask another one`
      throw new AppError({ code: 'network/busy', message, retry: 'now' })
    }
    this.#last = (this.#last % 0xffff_ffff) + 1
    const id = this.#last
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const end = (answer: Uint8Array | AppError) => {
      this.#asked.delete(id)
      cancel()
      signal?.removeEventListener('abort', stop)
      if (answer instanceof AppError) reject(answer)
      else resolve(answer)
    }
    const giveUp = (why: string) => {
      this.#giveUp(id)
      end(noAnswer(why))
    }
    const stop = () => giveUp('it was given up')
    const cancel = this.#timer.after(deadlineMs, () => {
      giveUp(`none came within ${deadlineMs} ms`)
      expired()
    })
    this.#asked.set(id, { kind, end })
    signal?.addEventListener('abort', stop)
    if (signal?.aborted) stop()
    else if (!send(id)) end(noAnswer('the question could not be sent'))
    return promise
  }

  /** Takes an answer, or that there is none; false if nobody asked this of the peer. */
  answer(id: number, kind: string, answer: Uint8Array | undefined): boolean {
    const asked = this.#asked.get(id)
    if (asked === undefined) return this.#givenUp.delete(id)
    if (asked.kind !== kind) return false
    const message = 'the peer has no answer to this question; ask another one'
    asked.end(answer ?? new AppError({ code: 'network/refused', message, retry: 'now' }))
    return true
  }

  /** Ends all, because the peer is gone. */
  endAll(): void {
    for (const { end } of [...this.#asked.values()]) end(noAnswer('the peer is gone'))
  }

  #giveUp(id: number): void {
    this.#givenUp.add(id)
    if (this.#givenUp.size > mostGivenUp)
      for (const oldest of this.#givenUp.keys().take(1)) this.#givenUp.delete(oldest)
  }
}

function noAnswer(why: string): AppError {
  const message = `the peer did not answer: ${why}; ask another one`
  return new AppError({ code: 'network/no-answer', message, retry: 'now' })
}
