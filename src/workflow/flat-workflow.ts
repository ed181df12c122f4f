/** Runs the small form of a definition, a trigger and a list of steps, on a durable context. */

import type { Json } from '../base/json-rpc.ts'
import { compileWorkflow, type Step } from './definition.ts'
import {
  type AwaitedLife,
  type CloudEvent,
  type DurableContext,
  Interrupted,
  type RunnableWorkflow,
} from './durable-context.ts'
import type { StepFunction } from './workflow.ts'
import { WorkflowError } from './workflow-error.ts'

/** Steps that one instance may run, which ends a loop. */
const maxSteps = 1_000
/** How long an instance waits for a function that only another start of the program can bring. */
const lookAgainMs = 30_000

/** What money depends on waits for the last life of its event, all else for the second. */
const lifeOf: Readonly<Record<string, AwaitedLife>> = {
  'evm.send': 'finalized',
  'evm.deploy': 'finalized',
}

/**
 * Compiles the small form.
 *
 * @throws AppError `workflow/bad-definition`, naming the place
 */
export function compileFlat(
  definition: Json,
  {
    functions,
    deploying = false,
  }: { functions: Readonly<Record<string, StepFunction>>; deploying?: boolean },
): RunnableWorkflow {
  const compiled = compileWorkflow(definition, deploying ? Object.keys(functions) : undefined)
  const { deployed, contract } = compiled
  const { name, title, hash, event } = deployed
  const order = [...compiled.steps.keys()]
  const wish = { attributes: { type: 'evm.log', event, contract } }
  return {
    ...{ namespace: 'default', name, version: '1.0.0', title, hash, document: definition },
    source: JSON.stringify(definition, null, 2),
    trigger: { on: { kind: 'one', wishes: [wish] } },
    async run(context, input) {
      const data = dataOf(context, name, input)
      let step = compiled.steps.get(compiled.first)
      let last: Json = null
      for (let count = 0; step !== undefined; count += 1) {
        if (count >= maxSteps) throw tooMany()
        const visit = data.visits.get(step.name) ?? 0
        data.visits.set(step.name, visit + 1)
        const pointer = `/do/${order.indexOf(step.name)}/${step.name}`
        const key = visit === 0 ? pointer : `${pointer}#visit/${visit + 1}`
        context.at(key)
        const { output, next } = await runStep(context, step, { key, data: data.now(), functions })
        data.results[step.name] = output
        last = output
        step = next === undefined ? undefined : compiled.steps.get(next)
      }
      await context.end()
      return last
    },
  }
}

/** What expressions see: the event with a reference of 32 bytes, the results so far, and the instance. */
function dataOf({ instanceId }: DurableContext, workflow: string, input: Json) {
  const results: Record<string, Json> = {}
  const [event] = (Array.isArray(input) ? input : [input]) as readonly (CloudEvent | null)[]
  const { data = {}, ...attributes } = (event ?? {}) as { readonly data?: Json }
  const told = { ...attributes, ...(data as object) }
  return {
    results,
    visits: new Map<string, number>(),
    now: (): Json => ({
      event: told,
      steps: { ...results },
      instance: { id: instanceId, workflow },
    }),
  }
}

interface StepPlace {
  readonly key: string
  readonly data: Json
  readonly functions: Readonly<Record<string, StepFunction>>
}

/** Expressions of a step may fail on data that its author did not think of: that fails the workflow. */
async function runStep(
  context: DurableContext,
  { task, next, retry }: Step,
  { key, data, functions }: StepPlace,
): Promise<{ readonly output: Json; readonly next: string | undefined }> {
  if (task.kind === 'set') return { output: evaluated(key, () => task.value(data)), next }
  if (task.kind === 'switch') {
    const taken = evaluated(key, () =>
      task.cases.find(({ when }) => when === undefined || isTrue(when(data))),
    )
    return { output: { case: taken?.name ?? null }, next: taken ? taken.goesTo : next }
  }
  await context.reached(`${key}#reached`, lifeOf[task.function] ?? 'confirmed')
  const input = evaluated(key, () => task.input(data))
  const output = await context.run(key, {
    ...{ kind: task.function, input, retry },
    run: async (about) => {
      const call = Object.hasOwn(functions, task.function) ? functions[task.function] : undefined
      if (call !== undefined) return call(input, about)
      const reason = `the function "${task.function}" is not there in this start of the program`
      return { kind: 'waiting', reason, retryAfterMs: lookAgainMs }
    },
  })
  return { output, next }
}

function evaluated<T>(instance: string, evaluate: () => T): T {
  try {
    return evaluate()
  } catch (cause) {
    if (cause instanceof Interrupted) throw cause
    throw new WorkflowError({
      type: 'expression',
      detail: (cause as Error).message,
      instance,
      cause,
    })
  }
}

function isTrue(value: Json): boolean {
  return value !== null && value !== false
}

function tooMany(): WorkflowError {
  const detail = `the instance has run ${maxSteps} steps, which is the limit`
  return new WorkflowError({ type: 'runtime', title: 'Too many steps', detail })
}
