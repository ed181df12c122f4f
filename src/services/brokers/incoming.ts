/** Hands over messages that a server pushes to whoever takes them one by one. */

import { AppError } from '../../base/app-error.ts'

/** Messages that may wait for whoever takes them. */
const mostWaiting = 1_000

/** A bounded line of messages, which ends by its signal, by an error, or by being too slow. */
export class Incoming<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = []
  #end: { readonly error?: unknown } | undefined
  #wake = () => {}

  constructor(signal: AbortSignal) {
    if (signal.aborted) this.end()
    signal.addEventListener('abort', () => this.end(), { once: true })
  }

  push(message: T): void {
    if (this.#end) return
    if (this.#waiting.length >= mostWaiting) {
      const message = `more than ${mostWaiting} messages waited for a subscriber`
      this.end(new AppError({ code: 'services/slow-subscriber', message, retry: 'later' }))
      return
    }
    this.#waiting.push(message)
    this.#wake()
  }

  /** No more comes; what waits is still handed over, and then the error is thrown. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error }
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const message = this.#waiting.shift()
      if (message !== undefined) yield message
      else if (this.#end?.error !== undefined) throw this.#end.error
      else if (this.#end) return
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}
