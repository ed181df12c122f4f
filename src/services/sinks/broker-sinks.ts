/** Sends to servers of messages: AMQP, MQTT, NATS and Redis Streams. */

import type { AppError } from '../../base/app-error.ts'
import { AmqpBroker } from '../brokers/amqp.ts'
import type { Broker } from '../brokers/broker.ts'
import { MqttBroker } from '../brokers/mqtt.ts'
import { NatsBroker } from '../brokers/nats.ts'
import { RedisBroker } from '../brokers/redis.ts'
import type { Sink, SinkMessage } from '../sink.ts'
import { sendByKey } from './by-key.ts'
import type { OptionsOf } from './sink-options.ts'

/** Messages of different keys that are under way at a time. */
const mostAtOnce = 64
const contentType = 'application/cloudevents+json'

/** A durable topic exchange, with the route as routing key: `event.CHAIN.NAME.LIFE`. */
export function amqpSink({ url, exchange, queue }: OptionsOf<'amqp'>): Sink {
  const broker = new AmqpBroker({ url, exchange, queue })
  return oneByOne(broker, (route) => route.replaceAll('/', '.'))
}

/** Topics `TOPIC/event/CHAIN/NAME/LIFE`. */
export function mqttSink({ url, topic }: OptionsOf<'mqtt'>): Sink {
  return oneByOne(new MqttBroker({ url }), (route) => `${topic}/${route}`)
}

/** Subjects `SUBJECT.event.CHAIN.NAME.LIFE`, stored by JetStream, which knows a repetition by `Nats-Msg-Id`. */
export function natsSink({ url, subject, stream }: OptionsOf<'nats'>): Sink {
  const broker = new NatsBroker({ url, stored: { stream, subjects: subject } })
  return oneByOne(broker, (route) => `${subject}.${route.replaceAll('/', '.')}`)
}

/** One stream, with the fields `id`, `route`, `key` and `event`. */
export function redisSink({ url, stream, maxLength }: OptionsOf<'redis'>): Sink {
  const broker = new RedisBroker({ url })
  return {
    async send(messages) {
      const entries = messages.map(({ id, route, key, payload }) => [
        ...['id', id, 'route', route, 'key', key, 'event', payload],
      ])
      try {
        await broker.append(stream, entries, maxLength)
        return messages.map(() => undefined)
      } catch (error) {
        return messages.map(() => error as AppError)
      }
    },
    close: () => broker.close(),
  }
}

function oneByOne(broker: Broker, channelOf: (route: string) => string): Sink {
  const encoder = new TextEncoder()
  const publish = ({ id, route, payload }: SinkMessage) =>
    broker.publish({ channel: channelOf(route), payload: encoder.encode(payload), contentType, id })
  return {
    send: (messages) => sendByKey(messages, mostAtOnce, publish),
    close: () => broker.close(),
  }
}
