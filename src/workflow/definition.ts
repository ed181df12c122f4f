/** Checks the definition of a workflow and compiles it. */

import { createHash } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { parseEvent } from '../stream/event-decoder.ts'
import { compileExpression, compileTemplate } from '../stream/jq.ts'
import { keptJson } from './kept-json.ts'
import { defaultRetry, type RetryPolicy, retryBounds } from './retry-policy.ts'

/** Evaluates on the data of an instance. */
type Evaluate = (data: Json) => Json

/** What a step does. */
export type Task =
  | { readonly kind: 'call'; readonly function: string; readonly input: Evaluate }
  | { readonly kind: 'set'; readonly value: Evaluate }
  | {
      readonly kind: 'switch'
      readonly cases: readonly {
        readonly name: string
        readonly when: Evaluate | undefined
        readonly goesTo: string | undefined
      }[]
    }

/** A step that can be run; `next` is the step after it, absent at the end. */
export interface Step {
  readonly name: string
  readonly task: Task
  readonly next: string | undefined
  readonly retry: RetryPolicy
}

/** A checked definition. */
export interface CompiledWorkflow {
  readonly deployed: {
    readonly name: string
    readonly title: string
    /** SHA-256 of the canonical definition, hex. */
    readonly hash: string
    readonly event: string
  }
  readonly first: string
  readonly steps: ReadonlyMap<string, Step>
  /** Name of the event that starts it, and of the contract that emits it. */
  readonly eventName: string
  readonly contract: string
}

const maxSteps = 200

type Members = { readonly [name: string]: Json }

/**
 * Checks and compiles a definition.
 *
 * @param functions - names that `call` may use; absent for a stored definition, whose functions may be gone
 * @throws AppError `workflow/bad-definition`, naming the place
 */
export function compileWorkflow(definition: Json, functions?: readonly string[]): CompiledWorkflow {
  within('the definition', () => keptJson(definition, 'it'))
  const root = membersOf(definition, 'the definition', ['name', 'title', 'on', 'do'])
  const name = root.name
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,62}$/.test(name)) {
    throw bad('name', 'must be 1 to 63 lower-case letters, digits and dashes, a letter first')
  }
  const on = membersOf(root.on, 'on', ['event', 'contract'])
  const event = textOf(on.event, 'on.event')
  const entries = root.do
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > maxSteps) {
    throw bad('do', `must be a list of 1 to ${maxSteps} steps`)
  }
  const named = entries.map((entry, at) => namedStep(entry, `do[${at}]`))
  const steps = new Map<string, Step>()
  for (const [at, { name: step, body }] of named.entries()) {
    const where = `do[${at}].${step}`
    if (steps.has(step)) throw bad(where, 'has the name of another step')
    const following = named[at + 1]?.name
    steps.set(step, compileStep(step, body, { where, following, functions }))
  }
  checkTargets(steps)
  const compiledEvent = within('on.event', () => parseEvent(event))
  return {
    deployed: {
      ...{ name, title: typeof root.title === 'string' ? root.title : name, event },
      hash: createHash('sha256').update(canonicalJson(definition)).digest('hex'),
    },
    first: named[0]?.name ?? '',
    steps,
    eventName: compiledEvent.name,
    contract: textOf(on.contract, 'on.contract'),
  }
}

interface StepPlace {
  readonly where: string
  readonly following: string | undefined
  readonly functions: readonly string[] | undefined
}

function compileStep(name: string, body: Members, place: StepPlace): Step {
  const { where, following, functions } = place
  const kinds = ['call', 'switch', 'set'].filter((kind) => Object.hasOwn(body, kind))
  if (kinds.length !== 1) throw bad(where, 'must have exactly one of call, switch and set')
  const allowed = {
    call: ['call', 'with', 'then', 'retry'],
    switch: ['switch'],
    set: ['set', 'then'],
  }
  membersOf(body, where, allowed[kinds[0] as 'call'])
  const next = target(body.then, following, where)
  const retry = retryOf(body.retry, where)
  if (kinds[0] === 'set') {
    const value = within(`${where}.set`, () => compileTemplate(body.set ?? null))
    return { name, next, retry, task: { kind: 'set', value } }
  }
  if (kinds[0] === 'switch') {
    const task = compileSwitch(body.switch, `${where}.switch`, following)
    return { name, next: following, retry, task }
  }
  const called = textOf(body.call, `${where}.call`)
  if (functions?.includes(called) === false) {
    throw bad(`${where}.call`, `"${called}" is unknown; known are ${functions?.join(', ')}`)
  }
  const input = within(`${where}.with`, () => compileTemplate(body.with ?? {}))
  return { name, next, retry, task: { kind: 'call', function: called, input } }
}

function compileSwitch(
  value: Json | undefined,
  where: string,
  following: string | undefined,
): Task {
  if (!Array.isArray(value) || value.length === 0) throw bad(where, 'must be a list of cases')
  const cases = value.map((entry, at) => {
    const { name, body } = namedStep(entry, `${where}[${at}]`)
    const place = `${where}[${at}].${name}`
    const { when, then } = membersOf(body, place, ['when', 'then'])
    if (when === undefined && at < value.length - 1) {
      throw bad(place, 'has no condition, so the cases after it can never be reached')
    }
    const condition =
      when === undefined
        ? undefined
        : within(`${place}.when`, () => compileExpression(bare(textOf(when, `${place}.when`))))
    return { name, when: condition, goesTo: target(then, following, place) }
  })
  return { kind: 'switch', cases }
}

/** An expression without the `${ }` that may stand around it. */
function bare(text: string): string {
  return /^\$\{([\s\S]*)\}$/.exec(text.trim())?.[1]?.trim() ?? text
}

/** What follows by `then`; "end" is nothing, and nothing said is the next step of the list. */
function target(
  then: Json | undefined,
  following: string | undefined,
  where: string,
): string | undefined {
  if (then === undefined || then === 'continue') return following
  return then === 'end' ? undefined : textOf(then, `${where}.then`)
}

function retryOf(value: Json | undefined, where: string): RetryPolicy {
  if (value === undefined) return defaultRetry
  const given = membersOf(value, `${where}.retry`, Object.keys(retryBounds))
  const numberOf = (name: keyof RetryPolicy): number => {
    const { from, to, whole } = retryBounds[name]
    const one = given[name]
    if (one === undefined) return defaultRetry[name]
    const fits = typeof one === 'number' && one >= from && one <= to
    if (fits && (!whole || Number.isInteger(one))) return one
    const kind = whole ? 'a whole number' : 'a number'
    throw bad(`${where}.retry.${name}`, `must be ${kind} from ${from} to ${to}`)
  }
  return {
    attempts: numberOf('attempts'),
    delayMs: numberOf('delayMs'),
    backoff: numberOf('backoff'),
  }
}

function checkTargets(steps: ReadonlyMap<string, Step>): void {
  for (const { name, next, task } of steps.values()) {
    const targets = task.kind === 'switch' ? task.cases.map(({ goesTo }) => goesTo) : [next]
    for (const one of targets) {
      if (one !== undefined && !steps.has(one))
        throw bad(name, `goes to "${one}", which is no step`)
    }
  }
}

function namedStep(entry: Json | undefined, where: string): { name: string; body: Members } {
  const members = membersOf(entry, where)
  const [name, ...others] = Object.keys(members)
  if (name === undefined || others.length > 0) throw bad(where, 'must be an object of one name')
  if (!/^[a-zA-Z][\w-]{0,62}$/.test(name) || name === 'end' || name === 'continue') {
    throw bad(where, `"${name}" is no name of letters, digits, _ and -`)
  }
  return { name, body: membersOf(members[name], `${where}.${name}`) }
}

function membersOf(value: Json | undefined, where: string, allowed?: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad(where, 'must be an object')
  }
  const members = value as Members
  const stranger = allowed && Object.keys(members).find((name) => !allowed.includes(name))
  if (stranger !== undefined) throw bad(where, `has the unknown member "${stranger}"`)
  return members
}

function textOf(value: Json | undefined, where: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw bad(where, 'must be text')
}

function within<T>(where: string, compile: () => T): T {
  try {
    return compile()
  } catch (error) {
    throw bad(where, (error as Error).message)
  }
}

/** JSON with sorted members, by which a definition is known. */
function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonicalJson(one)}`).join(',')}}`
}

function bad(where: string, reason: string): AppError {
  return new AppError({
    code: 'workflow/bad-definition',
    message: `bad workflow: ${where}: ${reason}`,
    data: { where },
  })
}
