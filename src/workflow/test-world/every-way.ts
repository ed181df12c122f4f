/** Runs a workflow undisturbed, parked at each wait, and with a crash at each line of its journal: always the same comes of it. */

import assert from 'node:assert/strict'
import type { Json } from '../../base/json-rpc.ts'
import type { LanguageOptions } from '../language/compiler.ts'
import { readDefinition } from '../read-definition.ts'
import { Effects } from './effects.ts'
import { type Ending, runInMemory, type Stimulus } from './memory-context.ts'
import { type Disturbance, MemoryInstance } from './memory-instance.ts'

/** A workflow with its world. */
export interface Scene {
  readonly workflow: string | Json
  readonly input?: Json
  readonly functions?: Readonly<Record<string, (input: Json, call: number) => Json>>
  readonly options?: Partial<LanguageOptions>
  readonly stimuli?: readonly Stimulus[]
  /** Sets the world up before the run. */
  readonly prepare?: (instance: MemoryInstance) => void
}

/** What came of a scene. */
export interface Outcome {
  readonly ending: Ending
  /** Calls of functions, one for each idempotency key. */
  readonly effects: readonly string[]
  readonly instance: MemoryInstance
}

/** Runs a scene once. */
async function oneWay(scene: Scene, disturbance: Disturbance = {}): Promise<Outcome> {
  const effects = new Effects()
  const functions = Object.fromEntries(
    Object.entries(scene.functions ?? {}).map(([name, answer]) => [
      name,
      effects.function(name, answer),
    ]),
  )
  const workflow = readDefinition(scene.workflow, { functions, deploying: true, ...scene.options })
  const instance = new MemoryInstance(disturbance)
  scene.prepare?.(instance)
  const ending = await runInMemory(instance, workflow, {
    input: scene.input ?? {},
    ...(scene.stimuli === undefined ? {} : { stimuli: scene.stimuli }),
  })
  return { ending, effects: effects.list(), instance }
}

/** Runs a scene in every way, and gives what came of it undisturbed. */
export async function everyWay(scene: Scene): Promise<Outcome> {
  const plain = await oneWay(scene)
  const disturbances: Disturbance[] = [{ parks: true }]
  for (let line = 1; line <= plain.instance.writes; line += 1) {
    disturbances.push({ crashAfter: line }, { crashBefore: line })
  }
  for (const disturbance of disturbances) {
    const other = await oneWay(scene, disturbance)
    const how = JSON.stringify(disturbance)
    assert.deepEqual(other.ending, plain.ending, how)
    assert.deepEqual(other.effects, plain.effects, how)
    assert.deepEqual(other.instance.emitted, plain.instance.emitted, how)
    assert.deepEqual(other.instance.children, plain.instance.children, how)
  }
  return plain
}
