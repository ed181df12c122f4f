/** Has others told where an instance stands, in the commits that say so. */

import type { SqlSession, SqlWrite } from '../../store/sql.ts'
import type { LifecyclePhase } from '../workflow.ts'
import { shownInstance } from './instance-lists.ts'
import { type InstanceRow, instanceOf } from './instance-rows.ts'
import type { LiveRun, RunEnvironment } from './run-environment.ts'

/** What is told with the first commit of a run; nothing where the instance has begun before, or nobody asks. */
export function beginning(
  run: Pick<LiveRun, 'journal' | 'row' | 'with' | 'workflow'>,
): readonly SqlWrite[] {
  const { row, workflow, journal } = run
  const { lifecycle, clock } = run.with
  if (lifecycle === undefined || !isFresh(row) || journal.lines > 0) return []
  const { version } = workflow
  return lifecycle(shownInstance(row), { phase: 'started', atMs: clock.nowMs(), version })
}

/** A run that has waited, or was told something, was written since it was made. */
function isFresh({ status, interrupt, createdAtMs, updatedAtMs }: InstanceRow): boolean {
  return status === 'running' && interrupt === undefined && createdAtMs === updatedAtMs
}

/** Changes an instance, and has that told in the same transaction. */
export async function changeAndTell(
  { sql, clock, lifecycle }: Pick<RunEnvironment, 'sql' | 'clock' | 'lifecycle'>,
  { id, phase }: { readonly id: string; readonly phase: LifecyclePhase },
  change: (session: SqlSession) => Promise<void>,
): Promise<void> {
  await sql.transaction(async (session) => {
    await change(session)
    if (lifecycle === undefined) return
    const row = await session.get('SELECT * FROM instances WHERE id = ?', id)
    if (row === undefined) return
    const instance = shownInstance(instanceOf(row))
    for (const write of lifecycle(instance, { phase, atMs: clock.nowMs() })) {
      await session.run(write.sql, ...write.values)
    }
  })
}
