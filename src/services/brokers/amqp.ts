/** Speaks AMQP 0-9-1 to RabbitMQ, with publisher confirms. */

import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib'
import {
  away,
  type Broker,
  type BrokerMessage,
  brokerTimeoutMs,
  inTime,
  placeOf,
  refused,
  type Subscription,
} from './broker.ts'
import { HeldConnection } from './held-connection.ts'
import { Incoming } from './incoming.ts'

/** Which server and exchange. */
export interface AmqpOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps://`. */
  readonly url: string
  /** A durable topic exchange, which is made if it is missing. */
  readonly exchange: string
  /** A durable queue that gets everything of the exchange; made if it is missing. */
  readonly queue?: string | undefined
}

interface Link {
  readonly model: ChannelModel
  readonly channel: ConfirmChannel
}

/** A server of AMQP; a message is taken once the server confirms it, which for a durable queue is on disk. */
export class AmqpBroker implements Broker {
  readonly #options: AmqpOptions
  readonly #place: string
  readonly #held: HeldConnection<Link>

  constructor(options: AmqpOptions) {
    this.#options = options
    this.#place = placeOf(options.url)
    this.#held = new HeldConnection({
      open: (lost) => this.#open(lost),
      close: ({ model }) => model.close(),
    })
  }

  async publish(message: BrokerMessage): Promise<void> {
    const { channel } = await this.#held.reach(this.#place)
    const confirmed = new Promise<void>((resolve, reject) => {
      const done = (error: unknown) => (error ? reject(error as Error) : resolve())
      const { channel: key, payload, contentType, headers = {}, id } = message
      const properties = {
        ...{ persistent: true, headers, ...(id === undefined ? {} : { messageId: id }) },
        ...(contentType === undefined ? {} : { contentType }),
      }
      channel.publish(this.#options.exchange, key, Buffer.from(payload), properties, done)
    })
    try {
      await inTime(confirmed, 'the confirmation')
    } catch (error) {
      // The server's own "no" (basic.nack) leaves the channel open; anything else lost it.
      if ((error as Error).message === 'message nacked') throw refused(this.#place, error)
      await this.#held.drop()
      throw away(this.#place, error)
    }
  }

  async *subscribe({ channel: key, signal }: Subscription): AsyncIterable<BrokerMessage> {
    const incoming = new Incoming<ConsumeMessage>(signal)
    let link: Link
    try {
      link = await this.#open(() => incoming.end(away(this.#place, 'the connection was lost')))
      const { queue } = await link.channel.assertQueue('', { exclusive: true, autoDelete: true })
      await link.channel.bindQueue(queue, this.#options.exchange, key)
      await link.channel.consume(queue, (one) => one && incoming.push(one), { noAck: true })
    } catch (error) {
      throw away(this.#place, error)
    }
    try {
      for await (const one of incoming) yield messageOf(one)
    } finally {
      await link.model.close().catch(() => {})
    }
  }

  close(): Promise<void> {
    return this.#held.close()
  }

  async #open(lost: () => void): Promise<Link> {
    const model = await connect(this.#options.url, { timeout: brokerTimeoutMs })
    model.on('error', lost)
    model.on('close', lost)
    try {
      const channel = await model.createConfirmChannel()
      channel.on('error', lost)
      channel.on('close', lost)
      const { exchange, queue } = this.#options
      await channel.assertExchange(exchange, 'topic', { durable: true })
      if (queue !== undefined) {
        await channel.assertQueue(queue, { durable: true })
        await channel.bindQueue(queue, exchange, '#')
      }
      return { model, channel }
    } catch (error) {
      await model.close().catch(() => {})
      throw error
    }
  }
}

function messageOf({ content, fields, properties }: ConsumeMessage): BrokerMessage {
  const headers = Object.entries((properties.headers ?? {}) as Record<string, unknown>)
  return {
    ...{ channel: fields.routingKey, payload: content },
    ...{ contentType: properties.contentType as string | undefined },
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    id: properties.messageId as string | undefined,
  }
}
