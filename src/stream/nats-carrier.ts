/** Carries messages by a JetStream stream of NATS, from which a durable consumer pulls. */

import {
  AckPolicy,
  type Consumer,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
} from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { TakenMessage } from './queue.ts'
import type { CarriedMessage, Carrier } from './queue-carrier.ts'

const connectMs = 2_000
const nanoseconds = 1_000_000
const durable = 'workers'

/** Which server or cluster. */
export interface NatsCarrierOptions {
  /** `nats://user:password@host:4222`, or `tls://`; several with commas between them. */
  readonly url: string
  /** Copies that a cluster keeps of each message; default 1. */
  readonly replicas?: number
  /** Before the name of the queue, where several programs use one server; default `quantumstream`. */
  readonly prefix?: string
}

/** A carrier on NATS with JetStream, 2.10 or later. */
export function natsCarrier(options: NatsCarrierOptions): Carrier {
  return new NatsCarrier(options)
}

interface Link {
  readonly connection: NatsConnection
  readonly streams: JetStreamClient
  readonly manager: JetStreamManager
  readonly consumer: Consumer
}

class NatsCarrier implements Carrier {
  readonly name = 'nats'
  readonly #options: NatsCarrierOptions
  readonly #taken = new Map<string, JsMsg>()
  #link: Link | undefined
  #stream = ''

  constructor(options: NatsCarrierOptions) {
    this.#options = options
  }

  async start({ queue, leaseMs }: { queue: string; leaseMs: number }): Promise<void> {
    await this.stop()
    const { url, replicas = 1, prefix = 'quantumstream' } = this.#options
    // Names of streams have no dots, spaces and stars.
    this.#stream = `${prefix}_${queue.replace(/[^A-Za-z0-9_-]/g, '_')}`
    const connection = await connect({
      ...{ servers: url.split(','), timeout: connectMs, reconnect: false, name: 'quantumstream' },
    })
    try {
      const manager = await jetstreamManager(connection, { timeout: connectMs })
      const subjects = [this.#stream]
      await manager.streams.add({
        ...{ name: this.#stream, subjects, num_replicas: replicas },
        retention: RetentionPolicy.Workqueue,
      })
      await manager.consumers.add(this.#stream, {
        ...{ durable_name: durable, ack_policy: AckPolicy.Explicit, max_ack_pending: -1 },
        ack_wait: leaseMs * nanoseconds,
      })
      const streams = jetstream(connection, { timeout: connectMs })
      const consumer = await streams.consumers.get(this.#stream, durable)
      this.#link = { connection, streams, manager, consumer }
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  async carry(messages: readonly TakenMessage[]): Promise<void> {
    const { streams } = this.#started()
    await Promise.all(
      messages.map((message) => streams.publish(this.#stream, JSON.stringify(message))),
    )
  }

  async take(most: number, waitMs: number): Promise<readonly CarriedMessage[]> {
    const { consumer } = this.#started()
    const found: CarriedMessage[] = []
    // The first of them is waited for, the others are taken as far as they are there.
    const first = await consumer.next({ expires: Math.max(1_000, waitMs) })
    if (first === null) return found
    found.push(this.#carriedOf(first))
    const { num_pending: pending } = await consumer.info()
    const more = Math.min(most - 1, pending)
    if (more <= 0) return found
    const rest = await consumer.fetch({ max_messages: more, expires: 1_000 })
    for await (const message of rest) found.push(this.#carriedOf(message))
    return found
  }

  async settle(handle: string): Promise<void> {
    const message = this.#taken.get(handle)
    this.#taken.delete(handle)
    await message?.ackAck({ timeout: connectMs })
  }

  async count(): Promise<number> {
    const { manager } = this.#started()
    return (await manager.streams.info(this.#stream)).state.messages
  }

  async stop(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    this.#taken.clear()
    await link?.connection.close()
  }

  #carriedOf(message: JsMsg): CarriedMessage {
    const handle = `${message.seq} ${message.info.deliveryCount}`
    this.#taken.set(handle, message)
    return { handle, message: message.json<TakenMessage>() }
  }

  #started(): Link {
    if (this.#link !== undefined) return this.#link
    throw new Error('is stopped')
  }
}
