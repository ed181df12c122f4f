/** Has what is over leave the tables of the event wing once its time is over. */

import { systemClock, systemTimer } from '../base/clock.ts'
import { createArchive } from '../store/archive.ts'
import { createArchiveRounds } from '../store/archive-rounds.ts'
import type { SqlStore } from '../store/sql.ts'
import { createEventArchive } from '../stream/event-archive.ts'
import { createInstanceArchive, type InstanceArchive } from '../workflow/instance-archive.ts'
import type { Composition } from './composition.ts'

const dayMs = 86_400_000

/** Starts the rounds that archive, where this process `moves`; instances that were archived are found in what it gives. */
export function startArchive(
  { values, logger, stops }: Composition,
  { sql, moves }: { readonly sql: SqlStore; readonly moves: boolean },
): InstanceArchive {
  const world = { sql, clock: systemClock, archive: createArchive(sql, values.archive) }
  const retentionMs = values.retention === undefined ? undefined : values.retention * dayMs
  const instances = createInstanceArchive({ ...world, retentionMs })
  if (!moves) return instances
  const movers = [() => instances.moveSome()]
  if (retentionMs !== undefined) movers.push(createEventArchive({ ...world, retentionMs }))
  const rounds = createArchiveRounds({
    ...{ clock: systemClock, timer: systemTimer },
    logger,
    movers,
  })
  rounds.start()
  stops.push(() => rounds.stop())
  return instances
}
