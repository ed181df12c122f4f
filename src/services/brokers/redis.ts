/** Speaks to Redis: streams, and messages to whoever listens. */

import { Redis } from 'ioredis'
import {
  away,
  type Broker,
  type BrokerMessage,
  brokerTimeoutMs,
  placeOf,
  refused,
  type Subscription,
} from './broker.ts'
import { HeldConnection } from './held-connection.ts'
import { Incoming } from './incoming.ts'

/** A server of Redis; `publish` reaches those who listen now, `append` writes to a stream. */
export class RedisBroker implements Broker {
  readonly #url: string
  readonly #place: string
  readonly #held: HeldConnection<Redis>

  /** @param options - `url`: `redis://user:password@host:6379/0`, or `rediss://` */
  constructor({ url }: { readonly url: string }) {
    this.#url = url
    this.#place = placeOf(url)
    this.#held = new HeldConnection({
      open: (lost) => this.#open(lost),
      close: async (client) => client.disconnect(),
    })
  }

  async publish({ channel, payload }: BrokerMessage): Promise<void> {
    await this.#run((client) => client.publish(channel, Buffer.from(payload)))
  }

  /**
   * Appends to a stream, all or none, and lets its oldest entries go.
   *
   * @param entries - fields of each
   * @param maxLength - entries that the stream keeps, or somewhat more
   * @throws AppError `services/broker-away`, `services/message-refused`
   */
  async append(
    stream: string,
    entries: readonly (readonly string[])[],
    maxLength: number,
  ): Promise<void> {
    const results = await this.#run((client) => {
      const together = client.multi()
      for (const fields of entries) {
        together.xadd(stream, 'MAXLEN', '~', maxLength, '*', ...fields)
      }
      return together.exec()
    })
    const failed = results?.find(([error]) => error)?.[0]
    if (failed) throw refused(this.#place, failed)
  }

  async *subscribe({ channel, signal }: Subscription): AsyncIterable<BrokerMessage> {
    const incoming = new Incoming<BrokerMessage>(signal)
    let client: Redis
    try {
      client = await this.#open(() => incoming.end(away(this.#place, 'the connection was lost')))
    } catch (error) {
      throw away(this.#place, error)
    }
    try {
      client.on('messageBuffer', (name: Buffer, payload: Buffer) =>
        incoming.push({ channel: name.toString(), payload }),
      )
      await client.subscribe(channel)
      yield* incoming
    } finally {
      client.disconnect()
    }
  }

  close(): Promise<void> {
    return this.#held.close()
  }

  async #run<T>(use: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await use(await this.#held.get())
    } catch (error) {
      // What the server answers (it is full, it is loading) leaves the connection as it is.
      if ((error as Error).name !== 'ReplyError') await this.#held.drop()
      throw away(this.#place, error)
    }
  }

  async #open(lost: () => void): Promise<Redis> {
    const client = new Redis(this.#url, {
      ...{ lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0 },
      ...{ connectTimeout: brokerTimeoutMs, commandTimeout: brokerTimeoutMs },
      ...{ retryStrategy: () => null, connectionName: 'quantumstream' },
    })
    // The reason of a failed connection comes by this event; the promise tells only that it is closed.
    let reason: Error | undefined
    client.on('error', (error: Error) => {
      reason ??= error
    })
    client.on('end', lost)
    await client.connect().catch((error: unknown) => {
      client.disconnect()
      throw reason ?? error
    })
    return client
  }
}
