/** Sends chains of any length to bounded numbers of readers, a piece when the reader is ready for it. */

import type { UnderlyingDefaultSource } from 'node:stream/web'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { AppError } from '../../base/app-error.ts'
import type { Logger } from '../../base/logger.ts'

/** Who asks. */
interface Reader {
  readonly method: string
  /** Ends the connection: nobody shall take a part for the whole. */
  cut(): void
}

/** What is sent, and as what. */
interface StreamContent {
  readonly headers: Readonly<Record<string, string>>
  /** Makes the pieces; each is asked for when there is room for it. */
  readonly pieces: () => AsyncGenerator<Uint8Array>
}

interface StreamsOptions {
  /** Streams that may be open. */
  readonly most: number
  /** A reader that takes nothing for so long is cut off. */
  readonly stallMs?: number
}

/** Patience with a reader, in milliseconds. */
const usualStallMs = 60_000

/** Who asks by a request. */
export function readerOf({ req, env }: Context): Reader {
  const { outgoing } = env as Partial<HttpBindings>
  return { method: req.method, cut: () => void outgoing?.destroy() }
}

/** All open streams of a server. */
export class ChainStreams {
  readonly #most: number
  readonly #stallMs: number
  readonly #logger: Logger
  readonly #cuts = new Set<() => void>()

  constructor({ most, stallMs = usualStallMs }: StreamsOptions, logger: Logger) {
    this.#most = most
    this.#stallMs = stallMs
    this.#logger = logger
  }

  /**
   * Opens a stream, after its first piece is made: what fails before is an answer like any other. What fails later cuts the
   * connection. HEAD gets the headers alone.
   *
   * @throws AppError `api/too-many-streams`, and what the first piece throws
   */
  async open({ method, cut }: Reader, { headers, pieces }: StreamContent): Promise<Response> {
    if (method === 'HEAD') return new Response(null, { headers })
    if (this.#cuts.size >= this.#most) {
      const message = `${this.#most} streams of chains and exports are open, which is the limit; close one, or try again later`
      throw new AppError({ code: 'api/too-many-streams', message, retry: 'later' })
    }
    const source = pieces()
    const finish = () => {
      this.#cuts.delete(breakOff)
      // What the source is doing at the moment ends by itself.
      void source.return(undefined).catch(() => {})
    }
    const breakOff = () => {
      finish()
      cut()
    }
    this.#cuts.add(breakOff)
    try {
      const first = await source.next()
      const supply = this.#supply({ source, first, finish, breakOff })
      return new Response(new ReadableStream(supply, { highWaterMark: 1 }), { headers })
    } catch (error) {
      finish()
      throw error
    }
  }

  /** Cuts all streams. */
  closeAll(): void {
    for (const breakOff of [...this.#cuts]) breakOff()
  }

  #supply({ source, first, finish, breakOff }: Supply): UnderlyingDefaultSource<Uint8Array> {
    let next: IteratorResult<Uint8Array> | undefined = first
    let stalled: NodeJS.Timeout | undefined
    const tell = (problem: string) => {
      this.#logger.warn('a stream of a chain is cut', { problem })
      breakOff()
    }
    return {
      pull: async (controller) => {
        clearTimeout(stalled)
        try {
          const { done, value } = next ?? (await source.next())
          next = undefined
          if (done) {
            finish()
            controller.close()
            return
          }
          controller.enqueue(value)
          stalled = setTimeout(() => tell('the reader takes nothing'), this.#stallMs)
        } catch (error) {
          tell(String(error))
        }
      },
      cancel: () => {
        clearTimeout(stalled)
        finish()
      },
    }
  }
}

/** What a stream is made of. */
interface Supply {
  readonly source: AsyncGenerator<Uint8Array>
  readonly first: IteratorResult<Uint8Array>
  readonly finish: () => void
  readonly breakOff: () => void
}
