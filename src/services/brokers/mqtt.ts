/** Speaks MQTT 5, with quality of service 1. */

import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt'
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

/** Reason codes (MQTT 5, 2.4) by which a server refuses one message: payload format, topic, packet too large. */
const refusals = new Set([0x90, 0x95, 0x99])

/** A server of MQTT; a message is taken once its PUBACK is here. */
export class MqttBroker implements Broker {
  readonly #url: string
  readonly #place: string
  readonly #held: HeldConnection<MqttClient>

  /** @param options - `url`: `mqtt://user:password@host:1883`, or `mqtts://` */
  constructor({ url }: { readonly url: string }) {
    this.#url = url
    this.#place = placeOf(url)
    this.#held = new HeldConnection({
      open: (lost) => this.#open(lost),
      close: (client) => client.endAsync(true),
    })
  }

  async publish({ channel, payload, contentType, headers = {}, id }: BrokerMessage): Promise<void> {
    const client = await this.#held.reach(this.#place)
    const userProperties = { ...headers, ...(id === undefined ? {} : { id }) }
    const properties = { userProperties, ...(contentType === undefined ? {} : { contentType }) }
    let lost = () => {}
    const gone = new Promise<never>((_, reject) => {
      lost = () => reject(new Error('the connection was lost'))
    })
    client.once('close', lost)
    try {
      const sent = client.publishAsync(channel, Buffer.from(payload), { qos: 1, properties })
      await inTime(Promise.race([sent, gone]), 'the confirmation')
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (typeof code === 'number' && refusals.has(code)) throw refused(this.#place, error)
      await this.#held.drop()
      throw away(this.#place, error)
    } finally {
      client.off('close', lost)
    }
  }

  async *subscribe({ channel, signal }: Subscription): AsyncIterable<BrokerMessage> {
    const incoming = new Incoming<BrokerMessage>(signal)
    let client: MqttClient
    try {
      client = await this.#open(() => incoming.end(away(this.#place, 'the connection was lost')))
    } catch (error) {
      throw away(this.#place, error)
    }
    client.on('message', (topic, payload, packet) =>
      incoming.push(messageOf(topic, payload, packet)),
    )
    try {
      await client.subscribeAsync(channel, { qos: 1 })
      yield* incoming
    } finally {
      await client.endAsync(true).catch(() => {})
    }
  }

  close(): Promise<void> {
    return this.#held.close()
  }

  async #open(lost: () => void): Promise<MqttClient> {
    const client = await connectAsync(this.#url, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      connectTimeout: brokerTimeoutMs,
      resubscribe: false,
    })
    // Each message under way listens for the end of the connection.
    client.setMaxListeners(0)
    client.on('error', lost)
    client.on('close', lost)
    return client
  }
}

function messageOf(channel: string, payload: Buffer, packet: IPublishPacket): BrokerMessage {
  const { id, ...rest } = { ...packet.properties?.userProperties }
  const headers = Object.entries(rest).map(([name, value]) => [name, String(value)] as const)
  return {
    ...{ channel, payload, contentType: packet.properties?.contentType },
    headers: Object.fromEntries(headers),
    id: id === undefined ? undefined : String(id),
  }
}
