/** Speaks to Redis by its streams. */

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

/** Entries that a stream keeps which `publish` writes to, or somewhat more. */
const mostKept = 1_000_000
/** Entries that are read at once, and longest wait for one. */
const [mostAtOnce, longestWaitMs] = [100, 5_000]

/** A server of Redis; a channel is a stream, whose entries have the fields `id`, `contentType`, `headers` and `payload`. */
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

  async publish(message: BrokerMessage): Promise<void> {
    const { channel, payload, contentType = '', headers = {}, id = '' } = message
    const fields = ['id', id, 'contentType', contentType, 'headers', JSON.stringify(headers)]
    await this.append(channel, [[...fields, 'payload', Buffer.from(payload)]], mostKept)
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
    entries: readonly (readonly (string | Buffer)[])[],
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
    const end = () => client?.disconnect()
    let client: Redis | undefined
    try {
      client = await this.#open(() => {})
      signal.addEventListener('abort', end, { once: true })
      const [last] = await client.xrevrange(channel, '+', '-', 'COUNT', 1)
      let place = last?.[0] ?? '0-0'
      while (!signal.aborted) {
        const wait = [
          'COUNT',
          mostAtOnce,
          'BLOCK',
          longestWaitMs,
          'STREAMS',
          channel,
          place,
        ] as const
        const [found] = ((await client.xreadBuffer(...wait)) ?? []) as unknown as readonly Read[]
        for (const [id, fields] of found?.[1] ?? []) {
          place = id.toString()
          if (!signal.aborted) yield messageOf(channel, fields)
        }
      }
    } catch (error) {
      if (!signal.aborted) throw away(this.#place, error)
    } finally {
      signal.removeEventListener('abort', end)
      client?.disconnect()
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

/** A stream's name, and its entries by id. */
type Read = readonly [name: Buffer, entries: readonly (readonly [id: Buffer, fields: Buffer[]])[]]

/** An entry that somebody else wrote may lack any of the fields. */
function messageOf(channel: string, fields: readonly Buffer[]): BrokerMessage {
  const members = new Map<string, Buffer>()
  for (let at = 0; at + 1 < fields.length; at += 2) {
    members.set(String(fields[at]), fields[at + 1] as Buffer)
  }
  const text = (name: string) => members.get(name)?.toString() || undefined
  return {
    ...{ channel, payload: members.get('payload') ?? Buffer.alloc(0) },
    ...{ contentType: text('contentType'), id: text('id'), headers: headersOf(text('headers')) },
  }
}

function headersOf(text = '{}'): Readonly<Record<string, string>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, string>>
  } catch {
    return {}
  }
}
