/** Sends to servers of messages: AMQP, MQTT, NATS and Redis Streams. */

import type { AppError } from '../../base/app-error.ts'
import type { Broker } from '../brokers/broker.ts'
import { openBrokers } from '../brokers/open-brokers.ts'
import type { Sink, SinkMessage } from '../sink.ts'
import { sendByKey } from './by-key.ts'
import type { OptionsOf } from './sink-options.ts'

/** Messages of different keys that are under way at a time. */
const mostAtOnce = 64
const contentType = 'application/cloudevents+json'

/** A durable topic exchange, with the route as routing key: `event.CHAIN.NAME.LIFE`. */
export function amqpSink({ url, exchange, queue }: OptionsOf<'amqp'>): Sink {
  return oneByOne(
    () => openBrokers.amqp({ url, exchange, queue }),
    (route) => route.replaceAll('/', '.'),
  )
}

/** Topics `TOPIC/event/CHAIN/NAME/LIFE`. */
export function mqttSink({ url, topic }: OptionsOf<'mqtt'>): Sink {
  return oneByOne(
    () => openBrokers.mqtt({ url }),
    (route) => `${topic}/${route}`,
  )
}

/** Subjects `SUBJECT.event.CHAIN.NAME.LIFE`, stored by JetStream, which knows a repetition by `Nats-Msg-Id`. */
export function natsSink({ url, subject, stream }: OptionsOf<'nats'>): Sink {
  const stored = { stream, subjects: subject }
  return oneByOne(
    () => openBrokers.nats({ url, stored }),
    (route) => `${subject}.${route.replaceAll('/', '.')}`,
  )
}

/** One stream, with the fields `id`, `route`, `key` and `event`. */
export function redisSink({ url, stream, maxLength }: OptionsOf<'redis'>): Sink {
  const held = onFirstUse(() => openBrokers.redis({ url }))
  return {
    async send(messages) {
      const entries = messages.map(({ id, route, key, payload }) => [
        ...['id', id, 'route', route, 'key', key, 'event', payload],
      ])
      try {
        await (await held.get()).append(stream, entries, maxLength)
        return messages.map(() => undefined)
      } catch (error) {
        return messages.map(() => error as AppError)
      }
    },
    close: held.close,
  }
}

function oneByOne(open: () => Promise<Broker>, channelOf: (route: string) => string): Sink {
  const encoder = new TextEncoder()
  const held = onFirstUse(open)
  const publish = async ({ id, route, payload }: SinkMessage) => {
    const broker = await held.get()
    const message = { channel: channelOf(route), payload: encoder.encode(payload), contentType, id }
    await broker.publish(message)
  }
  return { send: (messages) => sendByKey(messages, mostAtOnce, publish), close: held.close }
}

/** The library of a server is loaded when there is something to send. */
function onFirstUse<T extends Broker>(open: () => Promise<T>) {
  let broker: Promise<T> | undefined
  return {
    get() {
      broker ??= open()
      return broker
    },
    async close() {
      await (await broker)?.close()
    },
  }
}
