/** Starts other workflows as children of an instance, and waits for them. */

import type { Json } from '../../base/json-rpc.ts'
import type { SqlWrite } from '../../store/sql.ts'
import { type ChildWorkflow, Interrupted } from '../durable-context.ts'
import { keptJson } from '../kept-json.ts'
import { isOpen } from '../workflow.ts'
import { type Problem, WorkflowError } from '../workflow-error.ts'
import { insertion, instanceOf } from './instance-rows.ts'
import { errorOf, given } from './journal.ts'
import type { LiveRun } from './run-environment.ts'
import type { Scope } from './scope.ts'

/** How deeply instances may start others. */
const maxDepth = 16

/**
 * Starts a child and gives its output, or its id at once where it is not awaited. A branch that is stopped cancels it.
 *
 * @throws WorkflowError of the child
 */
export async function awaitChild(
  run: LiveRun,
  scope: Scope,
  { key, child }: { key: string; child: ChildWorkflow },
): Promise<Json> {
  const known = run.journal.get(key)
  if (known !== undefined) return given(known)
  const startKey = child.awaited ? `${key}#start` : key
  if (run.journal.get(startKey) === undefined)
    await startChild(run, scope, { key, startKey, child })
  const id = childId(run, key)
  if (!child.awaited) return id
  return outcomeOf(run, scope, { key, id })
}

function childId(run: LiveRun, key: string): string {
  return run.journal.idempotencyKeyOf(key).slice(2, 34)
}

async function startChild(
  run: LiveRun,
  scope: Scope,
  { key, startKey, child }: { key: string; startKey: string; child: ChildWorkflow },
): Promise<void> {
  await run.admit(scope)
  if (run.row.depth >= maxDepth) {
    const detail = `workflows start each other ${maxDepth} deep, which is the limit; does one start itself?`
    throw new WorkflowError({ type: 'runtime', title: 'Too many nested workflows', detail })
  }
  const id = childId(run, key)
  const [row, text] = [
    run.with.childOf(run, child, id),
    keptJson(child.input, `the input of ${key}`),
  ]
  journal(run, {
    step: startKey,
    text: JSON.stringify(id),
    output: id,
    along: [insertion(row, text)],
  })
  await run.busy(() => run.flush())
  run.with.wake()
}

async function outcomeOf(
  run: LiveRun,
  scope: Scope,
  { key, id }: { key: string; id: string },
): Promise<Json> {
  await run.admit(scope)
  let result: ChildEnd
  try {
    result = await run.wait({
      ...{ scope, untilMs: undefined, step: key, reason: `instance ${id} has not ended yet` },
      find: () => endOf(run, id),
      look: (_, __, found: ChildEnd) => (found.isOpen ? undefined : found),
    })
  } catch (error) {
    if (error instanceof Interrupted) cancel(run, id)
    throw error
  }
  const atMs = run.with.clock.nowMs()
  if (result.status === 'completed') {
    const output = result.output ?? null
    journal(run, { step: key, text: JSON.stringify(output), output, along: [] })
    return output
  }
  const problem = result.problem ?? {
    ...{ type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime', status: 500 },
    detail: `instance ${id} was ${result.status}`,
  }
  run.line({
    ...{ step: key, kind: 'failed', action: 'child', attempt: 1, startedAtMs: atMs, atMs },
    error: JSON.stringify(problem),
  })
  throw errorOf(problem)
}

/** How a child has ended, or that it has not. */
interface ChildEnd {
  readonly isOpen: boolean
  readonly status: string
  readonly output?: Json
  readonly problem?: Problem
}

async function endOf(run: LiveRun, id: string): Promise<ChildEnd> {
  const found = await run.with.sql.get('SELECT * FROM instances WHERE id = ?', id)
  if (found === undefined) return { isOpen: false, status: 'removed' }
  const child = instanceOf(found)
  const { status, output, problem } = child
  return {
    ...{ isOpen: isOpen(child), status },
    ...(output === undefined ? {} : { output }),
    ...(problem === undefined ? {} : { problem }),
  }
}

function journal(
  run: LiveRun,
  {
    step,
    text,
    output,
    along,
  }: { step: string; text: string; output: Json; along: readonly SqlWrite[] },
): void {
  const atMs = run.with.clock.nowMs()
  run.line(
    { step, kind: 'completed', action: 'child', attempt: 1, startedAtMs: atMs, atMs, output: text },
    { output, along },
  )
}

function cancel(run: LiveRun, id: string): void {
  const sql = `UPDATE instances SET interrupt = 'cancelled', reason = 'nobody waits for it any more', nudge = nudge + 1,
    wake_at_ms = ? WHERE id = ? AND interrupt IS NULL AND status IN ('running', 'waiting', 'paused')`
  run.add({ sql, values: [run.with.clock.nowMs(), id] })
  void run.flush().then(() => run.with.wake())
}
