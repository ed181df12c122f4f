/** Runs branches of a run side by side: until the first ends, or all have. */

import type { Json } from '../../base/json-rpc.ts'
import { type Branch, Interrupted } from '../durable-context.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { LiveRun } from './run-environment.ts'
import { Scope } from './scope.ts'

/** Branches of one fork. */
const maxBranches = 1_000

interface Fork<T> {
  readonly key: string
  readonly branches: readonly Branch<T>[]
  /** Key of the sleep that ends them. */
  readonly until?: string | undefined
}

type Ended<T> =
  | { readonly kind: 'given'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'stopped' }

/** The branch that ends first, as the journal has it; the others are stopped, and have ended. */
export async function raceBranches<T>(
  run: LiveRun,
  scope: Scope,
  { key, branches, until }: Fork<T>,
): Promise<{ index: number; value: T }> {
  const known = run.journal.get(key)
  let index = known === undefined ? undefined : Number(known.output)
  const started = startBranches(run, scope, { branches, decided: index, until })
  if (index === undefined) {
    index = await Promise.race(started.map(({ ended }, at) => whenEnded(ended, at)))
    if (index !== undefined) await noteBranch(run, key, { action: 'race', index })
  }
  stopOthers(started, index)
  const ends = await Promise.all(started.map(({ ended }) => ended))
  scope.check()
  const end = index === undefined ? undefined : ends[index]
  if (end?.kind === 'given') return { index: index as number, value: end.value }
  throw end?.kind === 'failed' ? end.error : new Interrupted(scope.reason ?? 'branch-stopped')
}

/** What all branches give; the first failure, as the journal has it, stops the others and is thrown. */
export async function allBranches<T>(
  run: LiveRun,
  scope: Scope,
  { key, branches }: Fork<T>,
): Promise<T[]> {
  const known = run.journal.get(key)
  let failed = known === undefined ? undefined : Number(known.output)
  const started = startBranches(run, scope, { branches, decided: failed })
  if (failed === undefined) {
    failed = await firstFailure(started.map(({ ended }) => ended))
    if (failed !== undefined) await noteBranch(run, key, { action: 'all', index: failed })
  }
  if (failed !== undefined) stopOthers(started, failed)
  const ends = await Promise.all(started.map(({ ended }) => ended))
  const failure = failed === undefined ? undefined : ends[failed]
  if (failure?.kind === 'failed') throw failure.error
  scope.check()
  return ends.map((end) => {
    if (end.kind === 'given') return end.value
    throw end.kind === 'failed' ? end.error : new Interrupted(scope.reason ?? 'branch-stopped')
  })
}

interface Started<T> {
  readonly scope: Scope
  readonly ended: Promise<Ended<T>>
}

/** Branches that have lost already go as far as the journal knows them. */
function startBranches<T>(
  run: LiveRun,
  scope: Scope,
  { branches, decided, until }: Omit<Fork<T>, 'key'> & { readonly decided: number | undefined },
): Started<T>[] {
  if (branches.length > maxBranches) {
    const detail = `a fork of ${branches.length} branches is over the limit of ${maxBranches}; take a loop, or fewer at a time`
    throw new WorkflowError({ type: 'runtime', title: 'Too many branches', detail })
  }
  return branches.map((branch, at) => {
    const own = new Scope(scope, until)
    if (decided !== undefined && at !== decided) own.stop('branch-stopped')
    const ended = branch(run.with.context(run, own)).then(
      (value): Ended<T> => ({ kind: 'given', value }),
      (error: unknown): Ended<T> =>
        error instanceof Interrupted && own.reason !== undefined
          ? { kind: 'stopped' }
          : { kind: 'failed', error },
    )
    return { scope: own, ended }
  })
}

function stopOthers<T>(started: readonly Started<T>[], index: number | undefined): void {
  for (const [at, { scope }] of started.entries()) if (at !== index) scope.stop('branch-stopped')
}

/** The index of a branch once it has ended by itself; `undefined` for one that was stopped from outside. */
async function whenEnded<T>(ended: Promise<Ended<T>>, index: number): Promise<number | undefined> {
  return (await ended).kind === 'stopped' ? undefined : index
}

/** The index of the first branch that fails; `undefined` when all have ended otherwise. */
function firstFailure<T>(ends: readonly Promise<Ended<T>>[]): Promise<number | undefined> {
  return new Promise((resolve) => {
    for (const [at, end] of ends.entries()) {
      void end.then(({ kind }) => (kind === 'failed' ? resolve(at) : undefined))
    }
    void Promise.all(ends).then(() => resolve(undefined))
  })
}

/** Which branch decided, on disk before the others hear of it. */
async function noteBranch(
  run: LiveRun,
  key: string,
  { action, index }: { action: string; index: number },
): Promise<void> {
  const atMs = run.with.clock.nowMs()
  const output: Json = index
  run.line(
    {
      step: key,
      kind: 'completed',
      action,
      attempt: 1,
      startedAtMs: atMs,
      atMs,
      output: String(index),
    },
    { output },
  )
  await run.busy(() => run.flush())
}
