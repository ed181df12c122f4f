/** Carries messages by a Redis stream with one group of consumers. */

import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import type { TakenMessage } from './queue.ts'
import type { CarriedMessage, Carrier } from './queue-carrier.ts'

const group = 'workers'
const connectMs = 2_000

/** Which server. */
export interface RedisCarrierOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://` */
  readonly url: string
  /** Before the name of the queue, where several programs use one server; default `quantumstream`. */
  readonly prefix?: string
}

/** A carrier on Redis, 6.2 or later; what a process took and did not settle within a lease goes to another (`XAUTOCLAIM`). */
export function redisCarrier({ url, prefix = 'quantumstream' }: RedisCarrierOptions): Carrier {
  return new RedisCarrier(url, prefix)
}

class RedisCarrier implements Carrier {
  readonly name = 'redis'
  readonly #url: string
  readonly #prefix: string
  readonly #consumer = randomUUID()
  /** One asks and is answered at once, the other waits for messages. */
  #clients: readonly [asking: Redis, waiting: Redis] | undefined
  #key = ''
  #leaseMs = 0

  constructor(url: string, prefix: string) {
    this.#url = url
    this.#prefix = prefix
  }

  async start({ queue, leaseMs }: { queue: string; leaseMs: number }): Promise<void> {
    this.#leaseMs = leaseMs
    this.#key = `${this.#prefix}:queue:${queue}`
    await this.stop()
    const clients = [this.#client(), this.#client()] as const
    try {
      await Promise.all(clients.map((client) => client.connect()))
      await clients[0].xgroup('CREATE', this.#key, group, '0', 'MKSTREAM')
    } catch (error) {
      if (!(error as Error).message.includes('BUSYGROUP')) {
        for (const client of clients) client.disconnect()
        throw error
      }
    }
    this.#clients = clients
  }

  async carry(messages: readonly TakenMessage[]): Promise<void> {
    const together = this.#asking.multi()
    for (const message of messages) together.xadd(this.#key, '*', 'm', JSON.stringify(message))
    for (const [error] of (await together.exec()) ?? []) if (error) throw error
  }

  async take(most: number, waitMs: number): Promise<readonly CarriedMessage[]> {
    const [key, name] = [this.#key, this.#consumer]
    const claim = [key, group, name, this.#leaseMs, '0', 'COUNT', most] as const
    const [, left] = (await this.#asking.xautoclaim(...claim)) as [string, Entry[]]
    if (left.length > 0) return left.map(carriedOf)
    const read = ['GROUP', group, name, 'COUNT', most, 'BLOCK', Math.max(1, waitMs)] as const
    const found = (await this.#waiting.xreadgroup(...read, 'STREAMS', key, '>')) as
      | [string, Entry[]][]
      | null
    return (found?.[0]?.[1] ?? []).map(carriedOf)
  }

  async settle(handle: string): Promise<void> {
    const together = this.#asking.multi().xack(this.#key, group, handle).xdel(this.#key, handle)
    await together.exec()
  }

  count(): Promise<number> {
    return this.#asking.xlen(this.#key)
  }

  async stop(): Promise<void> {
    for (const client of this.#clients ?? []) client.disconnect()
    this.#clients = undefined
  }

  get #asking(): Redis {
    return this.#started()[0]
  }

  get #waiting(): Redis {
    return this.#started()[1]
  }

  #started(): readonly [asking: Redis, waiting: Redis] {
    if (this.#clients !== undefined) return this.#clients
    throw new Error('is stopped')
  }

  #client(): Redis {
    const client = new Redis(this.#url, {
      ...{ lazyConnect: true, connectTimeout: connectMs, enableOfflineQueue: false },
      ...{ maxRetriesPerRequest: 0, retryStrategy: () => null },
    })
    // Whoever asks next is told; then both are made anew.
    client.on('error', () => {})
    return client
  }
}

type Entry = readonly [id: string, fields: readonly string[]]

function carriedOf([handle, [, text = 'null']]: Entry): CarriedMessage {
  return { handle, message: JSON.parse(text) as TakenMessage }
}
