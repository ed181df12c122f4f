/** Speaks NATS: core messages, and JetStream, which stores them. */

import {
  JetStreamApiError,
  type JetStreamClient,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream'
import { connect, headers as messageHeaders, type NatsConnection } from '@nats-io/transport-node'
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

/** Which server, and where JetStream stores. */
export interface NatsOptions {
  /** `nats://user:password@host:4222`, or `tls://`. */
  readonly url: string
  /**
   * Messages are stored by JetStream, in this stream if it is named; one that is missing is made for all subjects
   * below `subjects`. Without it they are core messages.
   */
  readonly stored?: { readonly stream?: string | undefined; readonly subjects: string }
}

interface Link {
  readonly connection: NatsConnection
  readonly stream: JetStreamClient | undefined
}

/** Codes by which JetStream refuses one message: larger than the stream allows. */
const refusals = new Set([10_054])

/** A server of NATS; a message is taken once JetStream acknowledges it, or by the server's PONG after it. */
export class NatsBroker implements Broker {
  readonly #options: NatsOptions
  readonly #place: string
  readonly #held: HeldConnection<Link>

  constructor(options: NatsOptions) {
    this.#options = options
    this.#place = placeOf(options.url)
    this.#held = new HeldConnection({
      open: (lost) => this.#open(lost),
      close: ({ connection }) => connection.close(),
    })
  }

  async publish({ channel, payload, contentType, headers = {}, id }: BrokerMessage): Promise<void> {
    const link = await this.#held.reach(this.#place)
    try {
      const head = messageHeaders()
      for (const [name, value] of Object.entries(headers)) head.set(name, value)
      if (contentType !== undefined) head.set('content-type', contentType)
      if (link.stream) {
        const dedup = id === undefined ? {} : { msgID: id }
        const options = { headers: head, timeout: brokerTimeoutMs, ...dedup }
        await link.stream.publish(channel, payload, options)
        return
      }
      if (id !== undefined) head.set('Nats-Msg-Id', id)
      link.connection.publish(channel, payload, { headers: head })
      await inTime(link.connection.flush(), 'the confirmation')
    } catch (error) {
      throw await this.#failure(error)
    }
  }

  async *subscribe({ channel, signal }: Subscription): AsyncIterable<BrokerMessage> {
    const incoming = new Incoming<BrokerMessage>(signal)
    let connection: NatsConnection
    try {
      const lost = () => incoming.end(away(this.#place, 'the connection was lost'))
      connection = await this.#connect(lost)
    } catch (error) {
      throw away(this.#place, error)
    }
    try {
      connection.subscribe(channel, {
        callback: (error, message) => {
          if (error) return incoming.end(away(this.#place, error))
          const { subject, data, headers } = message
          const head = Object.fromEntries(
            (headers?.keys() ?? []).map((name) => [name, headers?.get(name) ?? '']),
          )
          const { 'content-type': contentType, 'Nats-Msg-Id': id, ...rest } = head
          incoming.push({ channel: subject, payload: data, contentType, headers: rest, id })
        },
      })
      yield* incoming
    } finally {
      await connection.close().catch(() => {})
    }
  }

  close(): Promise<void> {
    return this.#held.close()
  }

  async #failure(error: unknown): Promise<Error> {
    const { name, message } = error as Error
    const isTooLarge = name === 'InvalidArgumentError' || /max_payload/.test(message)
    const isRefused = error instanceof JetStreamApiError && refusals.has(error.code)
    if (isTooLarge || isRefused) return refused(this.#place, error)
    // JetStream's own answers (no room, no stream) leave the connection as it is.
    if (!(error instanceof JetStreamApiError)) await this.#held.drop()
    return away(this.#place, error)
  }

  async #connect(lost: () => void): Promise<NatsConnection> {
    const { username, password, host, protocol } = new URL(this.#options.url)
    const user = username === '' ? {} : { user: decodeURIComponent(username) }
    const connection = await connect({
      ...{ servers: host, reconnect: false, timeout: brokerTimeoutMs, name: 'quantumstream' },
      ...{ ...user, ...(password === '' ? {} : { pass: decodeURIComponent(password) }) },
      ...(protocol === 'tls:' ? { tls: {} } : {}),
    })
    void connection.closed().then(lost)
    return connection
  }

  async #open(lost: () => void): Promise<Link> {
    const connection = await this.#connect(lost)
    const { stored } = this.#options
    if (stored === undefined) return { connection, stream: undefined }
    try {
      if (stored.stream !== undefined)
        await ensureStream(connection, stored.stream, stored.subjects)
      return { connection, stream: jetstream(connection) }
    } catch (error) {
      await connection.close()
      throw error
    }
  }
}

/** Makes a stream that is not there; one that is stays as it is. */
async function ensureStream(
  connection: NatsConnection,
  name: string,
  subjects: string,
): Promise<void> {
  const { streams } = await jetstreamManager(connection)
  try {
    await streams.info(name)
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.status !== 404) throw error
    await streams.add({ name, subjects: [`${subjects}.>`] })
  }
}
