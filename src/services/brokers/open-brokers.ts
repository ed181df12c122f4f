/** Loads the client of a server of messages when it is needed: those who have none are spared its library. */

import type { AmqpBroker, AmqpOptions } from './amqp.ts'
import type { MqttBroker } from './mqtt.ts'
import type { NatsBroker, NatsOptions } from './nats.ts'
import type { RedisBroker } from './redis.ts'

interface Place {
  readonly url: string
}

/** Makes a client by protocol; it connects when it has something to do. */
export const openBrokers = {
  async amqp(options: AmqpOptions): Promise<AmqpBroker> {
    const { AmqpBroker } = await import('./amqp.ts')
    return new AmqpBroker(options)
  },
  async mqtt(options: Place): Promise<MqttBroker> {
    const { MqttBroker } = await import('./mqtt.ts')
    return new MqttBroker(options)
  },
  async nats(options: NatsOptions): Promise<NatsBroker> {
    const { NatsBroker } = await import('./nats.ts')
    return new NatsBroker(options)
  },
  async redis(options: Place): Promise<RedisBroker> {
    const { RedisBroker } = await import('./redis.ts')
    return new RedisBroker(options)
  },
}
