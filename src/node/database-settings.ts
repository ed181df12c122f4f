/** Lists the settings of the database of events and workflows. */

import { text, url } from './setting-kinds.ts'

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
} as const
