/** Hears what is told by NOTIFY, over a connection of its own that is made again whenever it breaks. */

import type { Client } from 'pg'
import { Notices } from './notices.ts'

/** Pause before a broken connection is made again. */
const pauseMs = 1_000

/** The listening of one store. */
export class PostgresNotices {
  readonly #make: () => Client
  readonly #notices = new Notices()
  #client: Client | undefined
  #timer: NodeJS.Timeout | undefined
  #isConnected = false
  #isClosed = false
  #beginning: Promise<void> = Promise.resolve()

  /** `make` gives a client that is not connected yet. */
  constructor(make: () => Client) {
    this.#make = make
  }

  /** See `SqlStore.listen`. */
  listen(channel: string, callback: () => void): () => void {
    const isNew = !this.#notices.channels.includes(channel)
    const end = this.#notices.listen(channel, callback)
    if (this.#client === undefined) this.#connect()
    else if (isNew && this.#isConnected) void this.#begin(this.#client, [channel])
    return end
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => {})
  }

  #connect(): void {
    const client = this.#make()
    this.#client = client
    const again = () => {
      if (this.#client !== client || this.#isClosed) return
      this.#client = undefined
      this.#isConnected = false
      this.#timer = setTimeout(() => this.#connect(), pauseMs)
      this.#timer.unref()
      client.end().catch(() => {})
    }
    client.on('error', again)
    client.on('end', again)
    client.on('notification', ({ channel }) => this.#notices.tell(channel))
    client.connect().then(() => {
      this.#isConnected = true
      return this.#begin(client, this.#notices.channels)
    }, again)
  }

  /** Those who listen look now: what was told before is not heard any more. A connection takes one word at a time. */
  #begin(client: Client, channels: readonly string[]): Promise<void> {
    this.#beginning = this.#beginning.then(() => this.#say(client, channels))
    return this.#beginning
  }

  async #say(client: Client, channels: readonly string[]): Promise<void> {
    try {
      for (const channel of channels) await client.query(`LISTEN "${channel}"`)
      for (const channel of channels) this.#notices.tell(channel)
    } catch {
      // The connection is broken, and `again` is on its way.
    }
  }
}
