/** Makes the sink of each kind. */

import type { Clock } from '../../base/clock.ts'
import type { GuardedHttp } from '../../workflow/guarded-http.ts'
import { placeOf } from '../brokers/broker.ts'
import type { Sink } from '../sink.ts'
import { amqpSink, mqttSink, natsSink, redisSink } from './broker-sinks.ts'
import { fileSink } from './file-sink.ts'
import type { SinkOptions } from './sink-options.ts'
import { webhookSink } from './webhook-sink.ts'

/** What sinks need of the outer world. */
export interface SinkWorld {
  readonly clock: Clock
  readonly http: GuardedHttp
}

/** The sink that the options describe; it connects when it has something to send. */
export function createSink(options: SinkOptions, world: SinkWorld): Sink {
  switch (options.kind) {
    case 'amqp':
      return amqpSink(options)
    case 'mqtt':
      return mqttSink(options)
    case 'nats':
      return natsSink(options)
    case 'redis':
      return redisSink(options)
    case 'file':
      return fileSink(options, world)
    case 'webhook':
      return webhookSink(options, world)
  }
}

/** Where a sink sends to, without secrets. */
export function sinkPlace(options: SinkOptions): string {
  return options.kind === 'file' ? options.folder : placeOf(options.url)
}
