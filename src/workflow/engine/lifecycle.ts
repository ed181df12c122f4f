/** Has others told where an instance stands, in the commits that say so. */

import type { Json } from '../../base/json-rpc.ts'
import type { SqlSession, SqlWrite } from '../../store/sql.ts'
import type { LifecyclePhase } from '../workflow.ts'
import type { Problem } from '../workflow-error.ts'
import { shownInstance } from './instance-lists.ts'
import { type InstanceRow, instanceOf } from './instance-rows.ts'
import type { NewLine } from './journal.ts'
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

/** Lines that are part of a task, or whose task does nothing outside by itself. */
const inner = new Set(['now', 'random', 'sleep', 'emit', 'listen', 'event', 'end'])
const phases = { completed: 'completed', failed: 'faulted', retrying: 'retried' } as const
/** What stands behind a task's name in the keys of its own lines, and in those of what lies within. */
const visit = /#visit\/\d+$/
const part = /#[\w-]+(\/\d+)*$/

/** What is told with the line of a task that calls or runs something. */
export function taskEnd(
  run: Pick<LiveRun, 'row' | 'with'>,
  line: NewLine,
  { seq, output }: { readonly seq: number; readonly output: Json | undefined },
): readonly SqlWrite[] {
  const { lifecycle } = run.with
  const { kind, action, atMs, error } = line
  if (lifecycle === undefined || inner.has(action) || !isTold(kind)) return []
  const step = line.step.replace(visit, '')
  if (part.test(step)) return []
  const phase = phases[kind]
  const told = { phase, task: pointerOf(step), seq, atMs }
  if (kind === 'completed') return lifecycle(shownInstance(run.row), { ...told, output })
  const problem =
    kind === 'failed' && error !== undefined ? (JSON.parse(error) as Problem) : undefined
  return lifecycle(shownInstance(run.row), { ...told, problem })
}

function isTold(kind: NewLine['kind']): kind is keyof typeof phases {
  return kind in phases
}

/** Where a task stands in its definition: without iterations, attempts and visits. */
function pointerOf(step: string): string {
  return step
    .replaceAll('#compensate/do', '/metadata/compensate')
    .replaceAll('#compensate', '/metadata/compensate')
    .replaceAll(/#[\w-]+(\/\d+(?=\/|#|$))?/g, '')
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
