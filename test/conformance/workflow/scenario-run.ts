/** Runs a scenario of the conformance kit: its workflow is run by the interpreter, its steps are checked. */

import assert from 'node:assert/strict'
import { parse } from 'yaml'
import type { Json } from '../../../src/base/json-rpc.ts'
import type { FunctionTable, TaskObservation } from '../../../src/workflow/language/compiler.ts'
import { readDefinition } from '../../../src/workflow/read-definition.ts'
import { type Ending, runInMemory } from '../../../src/workflow/test-world/memory-context.ts'
import { MemoryInstance } from '../../../src/workflow/test-world/memory-instance.ts'
import type { Scenario, Step } from './gherkin.ts'

/** What the steps before said, and what came of it. */
interface World {
  readonly functions: FunctionTable
  definition: string
  input: Json
  ending: Ending | undefined
  /** Names of tasks in the order in which they ran. */
  ran: string[]
  readonly tasks: Map<string, TaskObservation>
}

type Handle = (
  world: World,
  found: RegExpExecArray,
  argument: string | undefined,
) => Promise<void> | void

/** The forms of steps that the kit's README lists. */
const forms: readonly (readonly [RegExp, Handle])[] = [
  [
    /^a workflow with definition$/,
    (world, _found, text) => {
      world.definition = text ?? ''
    },
  ],
  [
    /^(?:given )?the workflow input is$/,
    (world, _found, text) => {
      world.input = yaml(text)
    },
  ],
  [/^the workflow is executed$/, execute],
  [
    /^the workflow should cancel$/,
    (world) => assert.equal(world.ending?.kind, 'interrupted', told(world)),
  ],
  [/^the workflow should complete$/, (world) => void outputOf(world)],
  [
    /^the workflow should complete with output$/,
    (world, _found, text) => assert.deepEqual(outputOf(world), yaml(text)),
  ],
  [/^the workflow should fault$/, (world) => void problemIn(world)],
  [
    /^the workflow should fault with error$/,
    (world, _found, text) => hasMembers(problemIn(world), yaml(text)),
  ],
  [
    /^the workflow output should have properties (.*)$/,
    (world, [, list = '']) => {
      for (const [, path = ''] of list.matchAll(/'([^']*)'/g)) {
        assert.notEqual(
          at(outputOf(world), path),
          undefined,
          `the output has no "${path}": ${told(world)}`,
        )
      }
    },
  ],
  [
    /^the workflow output should have an? '([^']*)' property with value$/,
    (world, [, path = ''], text) => assert.deepEqual(at(outputOf(world), path), yaml(text)),
  ],
  [
    /^the workflow output should have an? '([^']*)' property containing (\d+) items?$/,
    (world, [, path = '', count]) => {
      const items = at(outputOf(world), path)
      assert.equal(Array.isArray(items) ? items.length : undefined, Number(count), told(world))
    },
  ],
  [/^(\S+) should run first$/, (world, [, name]) => assert.equal(world.ran[0], name)],
  [/^(\S+) should run last$/, (world, [, name]) => assert.equal(world.ran.at(-1), name)],
  [/^(\S+) should run before (\S+)$/, (world, [, a = '', b = '']) => ranBefore(world, a, b)],
  [/^(\S+) should run after (\S+)$/, (world, [, a = '', b = '']) => ranBefore(world, b, a)],
  [/^(\S+) should cancel$/, (world, [, name = '']) => void taskOf(world, name, 'cancelled')],
  [/^(\S+) should complete$/, (world, [, name = '']) => void taskOf(world, name, 'completed')],
  [
    /^(\S+) should complete with output$/,
    (world, [, name = ''], text) => {
      assert.deepEqual(taskOf(world, name, 'completed').output, yaml(text))
    },
  ],
  [/^(\S+) should fault$/, (world, [, name = '']) => void taskOf(world, name, 'failed')],
  [
    /^(\S+) should fault with error$/,
    (world, [, name = ''], text) => {
      hasMembers(taskOf(world, name, 'failed').problem as unknown as Json, yaml(text))
    },
  ],
]

/** Runs a scenario. @throws Error that says which step does not hold, and why */
export async function runScenario({ steps }: Scenario, functions: FunctionTable): Promise<void> {
  const world: World = {
    ...{ functions, definition: '', input: {}, ending: undefined, ran: [], tasks: new Map() },
  }
  for (const step of steps) await runStep(world, step)
}

async function runStep(world: World, { text, argument, line }: Step): Promise<void> {
  for (const [form, handle] of forms) {
    const found = form.exec(text)
    if (found === null) continue
    try {
      await handle(world, found, argument)
    } catch (error) {
      throw new Error(`line ${line}: ${text}: ${(error as Error).message}`, { cause: error })
    }
    return
  }
  throw new Error(`line ${line}: "${text}" is a form of step that the kit does not have`)
}

async function execute(world: World): Promise<void> {
  const { functions, definition, input, tasks } = world
  const instance = new MemoryInstance()
  const workflow = readDefinition(definition, {
    functions,
    observe: (pointer, observation) => tasks.set(nameOf(pointer), observation),
  })
  world.ending = await runInMemory(instance, workflow, { input })
  world.ran = instance.visited.map(nameOf)
}

/** The name of the task that a pointer points to. */
function nameOf(pointer: string): string {
  return (pointer.split('/').at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~')
}

function yaml(text: string | undefined): Json {
  return parse(text ?? '') as Json
}

function told({ ending }: World): string {
  return `it ended so: ${JSON.stringify(ending)}`
}

function outputOf(world: World): Json {
  const { ending } = world
  if (ending?.kind !== 'completed') return assert.fail(told(world))
  return ending.output
}

function problemIn(world: World): Json {
  const { ending } = world
  if (ending?.kind !== 'failed') return assert.fail(told(world))
  return ending.problem as unknown as Json
}

function taskOf<K extends TaskObservation['kind']>(
  { tasks }: World,
  name: string,
  kind: K,
): Extract<TaskObservation, { kind: K }> {
  const found = tasks.get(name)
  if (found?.kind !== kind) return assert.fail(`${name} ended so: ${JSON.stringify(found)}`)
  return found as Extract<TaskObservation, { kind: K }>
}

function ranBefore({ ran }: World, first: string, second: string): void {
  const [a, b] = [ran.indexOf(first), ran.indexOf(second)]
  assert.ok(a >= 0 && a < b, `${first} did not run before ${second}: ${ran.join(', ')}`)
}

/** Each member that is expected is there; others may be. */
function hasMembers(value: Json, expected: Json): void {
  for (const [name, wanted] of Object.entries(expected as object)) {
    assert.deepEqual(at(value, name), wanted, `${name} in ${JSON.stringify(value)}`)
  }
}

function at(value: Json | undefined, path: string): Json | undefined {
  let here: Json | undefined = value
  for (const name of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined
    here = (here as { readonly [name: string]: Json })[name]
  }
  return here
}
