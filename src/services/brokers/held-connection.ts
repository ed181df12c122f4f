/** Holds one connection, made when it is first needed and anew after it was lost. */

import { away } from './broker.ts'

/** How a connection is made and ended; `lost` is called once it cannot be used any more. */
interface ConnectionMaker<T> {
  open(lost: () => void): Promise<T>
  close(connection: T): Promise<void>
}

/** At most one connection; whoever asks while it is made waits for the same one. */
export class HeldConnection<T> {
  readonly #maker: ConnectionMaker<T>
  #current: Promise<T> | undefined
  #closed = false

  constructor(maker: ConnectionMaker<T>) {
    this.#maker = maker
  }

  /** @throws what `open` throws; the next call tries again */
  get(): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the connection was closed'))
    if (this.#current) return this.#current
    const forget = () => {
      if (this.#current === opening) this.#current = undefined
    }
    const opening: Promise<T> = this.#maker.open(forget)
    this.#current = opening
    opening.catch(forget)
    return opening
  }

  /** The same, for use; a server that cannot be reached is told as away. @throws AppError `services/broker-away` */
  async reach(place: string): Promise<T> {
    try {
      return await this.get()
    } catch (error) {
      throw away(place, error)
    }
  }

  /** Ends the present connection; the next `get` makes another. */
  async drop(): Promise<void> {
    const current = this.#current
    this.#current = undefined
    const connection = await current?.catch(() => undefined)
    if (connection !== undefined) await this.#maker.close(connection).catch(() => {})
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.drop()
  }
}
