/** Sends server-sent events to bounded numbers of readers, and closes those that are too slow. */

import { AppError } from '../../base/app-error.ts'

/** One message; `id` lets a reader go on where it was cut off. */
export interface StreamMessage {
  readonly event: string
  readonly data: unknown
  readonly id?: string
}

/** One reader. */
export interface StreamWriter {
  send(message: StreamMessage): void
  end(): void
}

const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }

/** Messages that may wait for one reader. */
const maxWaiting = 1_000
const pingMs = 15_000

/** All open streams of a server. */
export class EventStreams {
  readonly #most: number
  readonly #open = new Set<() => void>()

  constructor(most: number) {
    this.#most = most
  }

  /**
   * Opens a stream. `begin` gets the writer, and gives back what ends its supply. HEAD gets the headers alone: nobody
   * would read or end its stream.
   *
   * @throws AppError `api/too-many-streams`
   */
  open(method: string, begin: (writer: StreamWriter) => () => void): Response {
    if (method === 'HEAD') return new Response(null, { headers })
    if (this.#open.size >= this.#most) {
      const message = `${this.#most} streams are open, which is the limit; close one, or try again later`
      throw new AppError({ code: 'api/too-many-streams', message, retry: 'later' })
    }
    const encoder = new TextEncoder()
    let close = () => {}
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const write = (text: string) => {
            if ((controller.desiredSize ?? 0) <= 0) close()
            else controller.enqueue(encoder.encode(text))
          }
          let finish = () => {}
          const ping = setInterval(() => write(': ping\n\n'), pingMs)
          close = () => {
            if (!this.#open.delete(close)) return
            clearInterval(ping)
            finish()
            controller.close()
          }
          this.#open.add(close)
          controller.enqueue(encoder.encode('retry: 1000\n\n'))
          finish = begin({
            send: ({ event, data, id }) =>
              write(
                `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`,
              ),
            end: () => close(),
          })
          if (!this.#open.has(close)) finish()
        },
        cancel: () => close(),
      },
      { highWaterMark: maxWaiting },
    )
    return new Response(body, { headers })
  }

  /** Ends all streams. */
  closeAll(): void {
    for (const close of [...this.#open]) close()
  }
}
