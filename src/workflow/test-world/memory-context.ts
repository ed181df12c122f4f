/** Runs workflows on an instance that is kept in memory: time moves by itself, and the program can crash at any line. */

import { setImmediate as turn } from 'node:timers/promises'
import type { Json } from '../../base/json-rpc.ts'
import { Interrupted, type InterruptReason, type RunnableWorkflow } from '../durable-context.ts'
import { type Problem, problemOf, WorkflowError } from '../workflow-error.ts'
import { MemoryContext } from './memory-branch.ts'
import type { Generation, MemoryInstance } from './memory-instance.ts'

/** Something that a test does to the instance from outside, so long after its start. */
export interface Stimulus {
  readonly afterMs: number
  act(instance: MemoryInstance): void
}

/** How an instance ended. */
export type Ending =
  | { readonly kind: 'completed'; readonly output: Json }
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'interrupted'; readonly reason: InterruptReason }
  | { readonly kind: 'waiting' }

/** Runs a workflow until it ends, or nothing more would happen. */
export async function runInMemory(
  instance: MemoryInstance,
  workflow: Pick<RunnableWorkflow, 'run'>,
  { input, stimuli = [] }: { readonly input: Json; readonly stimuli?: readonly Stimulus[] },
): Promise<Ending> {
  const open = [...stimuli]
  for (;;) {
    const ending = await lifeOf(instance, workflow, { input, stimuli: open })
    if (ending !== undefined) return ending
  }
}

/** One life of the program. */
async function lifeOf(
  instance: MemoryInstance,
  workflow: Pick<RunnableWorkflow, 'run'>,
  { input, stimuli }: { readonly input: Json; readonly stimuli: Stimulus[] },
): Promise<Ending | undefined> {
  const generation: Generation = {
    ...{ dead: false, waits: new Set(), usedKeys: new Set(), underWay: 0 },
  }
  let ending: Ending | undefined
  let fault: unknown
  const context = new MemoryContext(instance, generation)
  workflow.run(context, structuredClone(input)).then(
    (output) => {
      ending = { kind: 'completed', output }
    },
    (error: unknown) => {
      if (error instanceof WorkflowError) ending = { kind: 'failed', problem: problemOf(error) }
      else if (error instanceof Interrupted) ending = { kind: 'interrupted', reason: error.reason }
      else fault = error
    },
  )
  for (;;) {
    await turn()
    if (fault !== undefined) throw fault
    if (generation.dead) return undefined
    if (ending !== undefined) return ending
    if (settle(generation) || generation.underWay > 0) continue
    if (!moveTime(instance, generation, stimuli)) return { kind: 'waiting' }
    if (instance.disturbance.parks) {
      generation.dead = true
      return undefined
    }
  }
}

function settle({ waits }: Generation): boolean {
  let settled = false
  for (const wait of [...waits]) {
    const reason = wait.context.interruption()
    if (reason !== undefined) wait.reject(new Interrupted(reason))
    if (reason !== undefined || wait.settle()) {
      waits.delete(wait)
      settled = true
    }
  }
  return settled
}

/** Goes to the next moment at which something happens. */
function moveTime(instance: MemoryInstance, { waits }: Generation, stimuli: Stimulus[]): boolean {
  const [stimulus] = stimuli
  const never = Number.POSITIVE_INFINITY
  const dueMs = stimulus === undefined ? never : instance.startedAtMs + stimulus.afterMs
  const wakeMs = Math.min(...[...waits].map(({ atMs }) => atMs ?? never))
  const nextMs = Math.min(dueMs, wakeMs)
  if (nextMs === never) return false
  instance.nowMs = Math.max(instance.nowMs, nextMs)
  if (stimulus !== undefined && dueMs <= wakeMs) {
    stimuli.shift()
    stimulus.act(instance)
  }
  return true
}
