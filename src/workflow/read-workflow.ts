/** Reads definitions of either form: the small one of a trigger and steps, and the full language. */

import type { Json } from '../base/json-rpc.ts'
import type { RunnableWorkflow } from './durable-context.ts'
import { compileFlat } from './flat-workflow.ts'
import { readDefinition } from './read-definition.ts'
import type { StepFunction, StepOutline } from './workflow.ts'

/** What definitions are read with. */
interface ReadOptions {
  readonly functions: Readonly<Record<string, StepFunction>>
  /** Refuses calls of functions that are not there. */
  readonly deploying?: boolean
}

/** A definition as JSON, or as text of JSON or YAML. @throws AppError `workflow/bad-definition` */
export function readWorkflow(source: string | Json, options: ReadOptions): RunnableWorkflow {
  const value = typeof source === 'string' ? jsonOf(source) : source
  return isFlat(value) ? compileFlat(value, options) : readDefinition(source, options)
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function isFlat(value: Json | undefined): value is Json {
  return typeof value === 'object' && value !== null && !('document' in value) && 'do' in value
}

type Members = { readonly [name: string]: Json }

/** Keywords of tasks, by which their kind is told. */
const keywords = [
  'set',
  'switch',
  'for',
  'fork',
  'try',
  'do',
  'emit',
  'listen',
  'raise',
  'run',
  'wait',
]

/** The tasks of a definition's own list, as they are drawn. */
export function outlineOf({ document }: Pick<RunnableWorkflow, 'document'>): StepOutline[] {
  const entries = ((document ?? {}) as { readonly do?: readonly Members[] }).do ?? []
  const named = entries.map((entry) => Object.entries(entry)[0] as [string, Members])
  return named.map(([name, body], at) => {
    const following = named[at + 1]?.[0]
    const kind =
      typeof body.call === 'string' ? body.call : (keywords.find((one) => one in body) ?? 'task')
    return { name, pointer: `/do/${at}/${name}`, kind, next: nextOf(body, following) }
  })
}

function nextOf(body: Members, following: string | undefined): StepOutline['next'] {
  if (!Array.isArray(body.switch)) {
    const step = targetOf(body.then, following)
    return step === undefined ? [] : [{ step }]
  }
  return body.switch.flatMap((entry: Members) => {
    const { when, then } = Object.values(entry)[0] as Members
    const step = targetOf(then, following)
    const text =
      typeof when === 'string' ? when.replace(/^\$\{\s*([\s\S]*?)\s*\}$/, '$1') : 'otherwise'
    return step === undefined ? [] : [{ step, when: text }]
  })
}

function targetOf(then: Json | undefined, following: string | undefined): string | undefined {
  if (then === undefined || then === 'continue') return following
  return then === 'end' || then === 'exit' ? undefined : String(then)
}
