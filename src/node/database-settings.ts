/** Lists the settings of the database of events and workflows. */

import { oneOf, text, url, within } from './setting-kinds.ts'

/** Where the event wing keeps what it does. */
export const databaseSettings = {
  database: {
    ...{
      kind: url('postgres', 'postgresql'),
      default: undefined,
      env: 'QS_DATABASE',
      secret: true as const,
    },
    description:
      'PostgreSQL for events and workflows, postgres://user:password@host:port/database; by default the file events.sqlite in the folder of data',
  },
  databaseSchema: {
    ...{ kind: text, default: 'public', env: 'QS_DATABASE_SCHEMA' },
    description:
      'Schema of that database, which is made if it is not there; processes that share the work share it',
  },
  queue: {
    ...{
      kind: oneOf('embedded', 'postgres', 'redis', 'nats'),
      default: undefined,
      env: 'QS_QUEUE',
    },
    description:
      'Queue between events and the workflows that they start; without one an event starts them in the transaction that stores it',
  },
  redisAddress: {
    ...{
      kind: url('redis', 'rediss'),
      default: undefined,
      env: 'REDIS_ADDRESS',
      secret: true as const,
    },
    description: 'Redis for the queue "redis"; it holds no only copy, and may be emptied',
  },
  natsAddress: {
    ...{ kind: url('nats', 'tls'), default: undefined, env: 'NATS_ADDRESS', secret: true as const },
    description: 'NATS with JetStream for the queue "nats"',
  },
  natsReplicas: {
    ...{ kind: within(1, 5, true), default: 1, env: 'QS_NATS_REPLICAS' },
    description: 'Copies that a cluster of NATS keeps of each message',
  },
} as const
